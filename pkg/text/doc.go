// Package text makes what comes from elsewhere safe to show: from a map, a review, a file's name, an answer of the
// cluster. Every output for people passes through it. What can't be seen, or would move a cursor, turn the reading
// direction, begin a new line or give a command to a build server, is written as an escape. All other characters stay.
package text
