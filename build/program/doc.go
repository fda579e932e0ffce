// Package program builds the programs of the project as they are released.
package program
