// Package await lets tests wait for what does happen sooner or later.
package await
