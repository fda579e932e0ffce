// Package proof takes every edit from one small map to another through the guard, and holds each decision against a judge
// that asks the real authenticator who gets in.
package proof
