// Noop is an admission webhook that allows everything: what a webhook costs that does nothing. It serves as the guard
// does, with the same library, the same TLS and the same limits, and takes the guard's flags.
package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/pflag"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	flags := pflag.NewFlagSet("noop", pflag.ContinueOnError)
	flags.ParseErrorsAllowlist.UnknownFlags = true
	dir := flags.String("cert-dir", "", "folder with tls.crt and tls.key")
	if err := flags.Parse(os.Args[1:]); err != nil {
		return err
	}
	certificate, err := tls.LoadX509KeyPair(filepath.Join(*dir, "tls.crt"), filepath.Join(*dir, "tls.key"))
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	allow := admission.HandlerFunc(func(context.Context, admission.Request) admission.Response { return admission.Allowed("") })
	discard := func(logr.Logger, *admission.Request) logr.Logger { return logr.Discard() }
	mux := http.NewServeMux()
	mux.Handle("POST /validate", &admission.Webhook{Handler: allow, LogConstructor: discard})
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	server := &http.Server{
		Handler: mux, Protocols: protocols, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{certificate}, NextProtos: []string{"http/1.1"}},
	}
	fmt.Printf("serving on https://%s (health http://none, metrics http://none)\n", listener.Addr())
	return server.ServeTLS(listener, "", "")
}
