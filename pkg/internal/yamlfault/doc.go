// Package yamlfault finds where a text stops being YAML, and the smallest change that fixes it. It tries what people get
// wrong, and believes a change only where the text can be read with it.
package yamlfault
