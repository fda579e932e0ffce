package controller

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/discovery"

	"github.com/aws-auth-guard/aws-auth-guard/internal/audit"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

// The values of Config.ReportAPI beside the names of the kinds.
const (
	ReportAuto = "auto"
	ReportNone = "none"
)

// ReportAPIs are the values of Config.ReportAPI.
func ReportAPIs() []string {
	names := []string{ReportAuto}
	for _, api := range audit.APIs() {
		names = append(names, api.Name)
	}
	return append(names, ReportNone)
}

// kinds are the kinds of reports that are wanted, the preferred one first.
func (a *auditor) kinds() []audit.API {
	return slices.DeleteFunc(audit.APIs(), func(api audit.API) bool { return a.ReportAPI != ReportAuto && a.ReportAPI != api.Name })
}

// reports writes the report.
type reports struct {
	*auditor
	// known is set while api is what the cluster has; nil is that it has no kind of report.
	known bool
	api   *audit.API
	// written is the sum of what is in the report.
	written [sha256.Size]byte
	// owner is what the report goes with.
	owner *metav1.OwnerReference
	// told are the kinds of which it was said that a report may not be removed.
	told []string
}

// forbidden says once that a report of another kind may not be removed.
func (r *reports) forbidden(api *audit.API, err error) {
	if !slices.Contains(r.told, api.Name) {
		r.told = append(r.told, api.Name)
		r.log.Info("a report of another kind may not be removed", "kind", api.CRD(), "reason", err.Error())
	}
}

// served reports whether the API server serves a kind.
func served(client discovery.DiscoveryInterface, api *audit.API) (bool, error) {
	list, err := client.ServerResourcesForGroupVersion(api.Resource.GroupVersion().String())
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(list.APIResources, func(r metav1.APIResource) bool { return r.Name == api.Resource.Resource }), nil
}

// forget makes the next write look again which kinds there are, and write whatever was written before: a definition that is
// created again has lost its reports.
func (r *reports) forget() {
	r.known, r.written = false, [sha256.Size]byte{}
}

// find looks which kind of report to write. What was written as another kind before is removed.
func (r *reports) find(ctx context.Context) error {
	if r.known {
		return nil
	}
	var chosen *audit.API
	for _, api := range audit.APIs() {
		ok, err := served(r.client.Discovery(), &api)
		if err != nil {
			return fmt.Errorf("looking for %s: %w", api.CRD(), err)
		}
		wanted := r.ReportAPI == ReportAuto || r.ReportAPI == api.Name
		switch {
		case !ok:
		case wanted && chosen == nil:
			chosen = &api
		default:
			err := removeReport(ctx, r.auditor, &api)
			if apierrors.IsForbidden(err) {
				// The kind is not wanted, so nothing of it is missing. One of earlier days stays.
				r.forbidden(&api, err)
				err = nil
			}
			if err != nil {
				return err
			}
		}
	}
	if err := r.findOwner(ctx); err != nil {
		return err
	}
	r.known = true
	if (chosen == nil) != (r.api == nil) || chosen != nil && chosen.Name != r.api.Name {
		r.written = [sha256.Size]byte{}
		kind := "none"
		if chosen != nil {
			kind = chosen.CRD()
		}
		r.log.Info("the kind of report has changed", "kind", kind)
	}
	r.api = chosen
	return nil
}

// findOwner looks for the ClusterRole that owns the report. A report stands in another namespace than the guard, so nothing else
// of an install can own it; once that is gone, the cluster's garbage collector removes the report.
func (r *reports) findOwner(ctx context.Context) error {
	if r.ReportOwner == "" {
		return nil
	}
	o, err := r.metadata.Resource(rbacv1.SchemeGroupVersion.WithResource("clusterroles")).Get(ctx, r.ReportOwner, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("looking for the owner of the report, the ClusterRole %s: %w", r.ReportOwner, err)
	}
	owner := &metav1.OwnerReference{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "ClusterRole", Name: o.Name, UID: o.UID}
	if r.owner == nil || *owner != *r.owner {
		r.owner, r.written = owner, [sha256.Size]byte{}
	}
	return nil
}

// write brings the report up to date. Unless check is set, nothing is read where the same was written before.
func (r *reports) write(ctx context.Context, e *audit.Evaluation, check bool) error {
	if r.ReportAPI == ReportNone {
		return nil
	}
	if err := r.find(ctx); err != nil || r.api == nil {
		return err
	}
	text, err := json.Marshal(e.Results)
	if err != nil {
		return err
	}
	if e.Map != nil {
		text = append(text, e.Map.UID...)
	}
	sum := sha256.Sum256(text)
	if sum == r.written && !check {
		return nil
	}
	err = r.apply(ctx, e)
	if apierrors.IsNotFound(err) {
		// The kind is gone, or not served yet.
		r.known = false
	}
	if err != nil {
		r.written = [sha256.Size]byte{}
		return fmt.Errorf("writing the report: %w", err)
	}
	r.written = sum
	return nil
}

func (r *reports) apply(ctx context.Context, e *audit.Evaluation) error {
	api := r.dynamic.Resource(r.api.Resource).Namespace(awsauth.Namespace)
	old, err := api.Get(ctx, audit.ReportName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		old, err = nil, nil
	}
	if err != nil {
		return err
	}
	doc, changed, err := e.Document(r.api, r.owner, old, time.Now())
	if err != nil || !changed {
		return err
	}
	strict := metav1.FieldValidationStrict
	if old == nil {
		_, err = api.Create(ctx, doc, metav1.CreateOptions{FieldManager: component, FieldValidation: strict})
	} else {
		_, err = api.Update(ctx, doc, metav1.UpdateOptions{FieldManager: component, FieldValidation: strict})
	}
	return err
}

// removeReport deletes the report of one kind, if it is the guard's.
func removeReport(ctx context.Context, a *auditor, api *audit.API) error {
	reports := a.dynamic.Resource(api.Resource).Namespace(awsauth.Namespace)
	old, err := reports.Get(ctx, audit.ReportName, metav1.GetOptions{})
	if err == nil && ours(old) {
		err = reports.Delete(ctx, audit.ReportName, metav1.DeleteOptions{})
	}
	if err == nil || apierrors.IsNotFound(err) {
		return nil
	}
	return fmt.Errorf("removing the report of the kind %s: %w", api.CRD(), err)
}

func ours(o *unstructured.Unstructured) bool {
	return o.GetLabels()["app.kubernetes.io/managed-by"] == "aws-auth-guard"
}

// RemoveReports deletes the reports of all kinds that the cluster serves: for the time when the guard is uninstalled.
func RemoveReports(ctx context.Context, config Config) error {
	a := &auditor{Config: config}
	if err := a.connect(); err != nil {
		return err
	}
	var problems []error
	for _, api := range audit.APIs() {
		ok, err := served(a.client.Discovery(), &api)
		if err == nil && ok {
			err = removeReport(ctx, a, &api)
		}
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}
