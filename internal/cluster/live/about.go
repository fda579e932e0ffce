package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/version"
)

// Identity is who asks, as the cluster knows it.
type Identity struct {
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
}

// About tells the version of Kubernetes and who asks: each is empty where the cluster does not say, and a gap says why.
func (r *Reader) About(ctx context.Context) (release string, who *Identity, gaps []Gap) {
	r.tell("the cluster's version, and who asks")
	if raw, err := r.Client.Discovery().RESTClient().Get().AbsPath("/version").Do(ctx).Raw(); err != nil {
		gaps = append(gaps, Gap{"the version of Kubernetes", Why(err)})
	} else {
		var info version.Info
		if err := json.Unmarshal(raw, &info); err != nil {
			gaps = append(gaps, Gap{"the version of Kubernetes", err.Error()})
		}
		release = info.GitVersion
	}
	review, err := r.Client.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		return release, nil, append(gaps, Gap{"who asks", Why(err)})
	}
	return release, &Identity{review.Status.UserInfo.Username, append([]string{}, review.Status.UserInfo.Groups...)}, gaps
}

// NotRead says in a few words that the map could not be read, with the code of the answer.
func NotRead(err error) string {
	var status apierrors.APIStatus
	if errors.As(err, &status) && status.Status().Code >= http.StatusBadRequest {
		return fmt.Sprintf("the map could not be read (%d)", status.Status().Code)
	}
	return "the map could not be read"
}
