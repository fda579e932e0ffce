// Package browser holds the tests that open the HTML report in a real Chromium.
package browser
