// Package policy reads a GuardPolicy: what the guard does about each finding, whose edits it repairs, and whom it
// leaves alone. Reading is strict, and a policy that changes while the guard runs is followed.
package policy
