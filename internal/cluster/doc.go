// Package cluster asks the API server what the rules about edits want to know. It never keeps an edit waiting:
// all questions of one edit have one deadline; answers are kept for seconds; a question that
// is under way is not asked again; and what is not answered in time is reported as such. Only the bindings of a minute ago
// serve where the present ones can't be had: they decide about no access, and the two webhooks of one edit would
// differ if one got its answer in time and the other did not.
package cluster
