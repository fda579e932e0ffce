// Package policyfile follows the file of a GuardPolicy while a program runs.
package policyfile
