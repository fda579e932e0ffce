package writers

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// clientGo is a controller of one's own: it is nobody at a terminal, so it is refused what a person would have repaired.
func clientGo() *writer {
	return &writer{name: "client-go, server-side apply", seen: "the error of `Apply`", open: func(t *testing.T, _ *lab, kubeconfig string) hands {
		config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
		check(t, err)
		config.WarningHandler = rest.NoWarnings{}
		clients, err := kubernetes.NewForConfig(config)
		check(t, err)
		maps := clients.CoreV1().ConfigMaps("kube-system")
		said := func(err error) outcome {
			if err != nil {
				return outcome{1, err.Error() + "\n"}
			}
			return outcome{}
		}
		return hands{
			write: func(t *testing.T, mapRoles string) outcome {
				c := corev1ac.ConfigMap("aws-auth", "kube-system").WithData(map[string]string{"mapRoles": mapRoles})
				_, err := maps.Apply(t.Context(), c, metav1.ApplyOptions{FieldManager: "my-operator"})
				return said(err)
			},
			remove: func(t *testing.T) outcome {
				return said(maps.Delete(t.Context(), "aws-auth", metav1.DeleteOptions{}))
			},
		}
	}}
}
