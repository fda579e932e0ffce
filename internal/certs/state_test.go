package certs

import (
	"crypto/x509"
	"slices"
	"testing"
	"time"
)

func options() *Options {
	return &Options{
		Namespace: "aws-auth-guard", Secret: "aws-auth-guard-certificates", Service: "aws-auth-guard", Configuration: "aws-auth-guard",
		CAValidity: DefaultCAValidity, LeafValidity: DefaultLeafValidity,
	}
}

const day = 24 * time.Hour

func TestNext(t *testing.T) {
	o := options()
	start := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	fresh := func() *state { return must(first(nil, start, o)) }
	announced := func() *state { return must(fresh().step(announce, start.Add(244*day), o)) }
	propagated1 := func() *state { return must(announced().step(propagate, start.Add(244*day), o)) }
	stranger := must(newCA(start, o)).certificate
	lost := func() *state { return must(first([]*x509.Certificate{stranger}, start, o)) }
	for _, test := range []struct {
		name  string
		state *state
		seen  bool
		at    time.Duration
		want  action
		until time.Duration
	}{
		{"new: until the certificate has a third left", fresh(), true, 0, wait, 60 * day},
		{"new, not written to the webhook configurations: no different", fresh(), false, 0, wait, 60 * day},
		{"just before", fresh(), true, 60*day - time.Second, wait, 60 * day},
		{"a third left", fresh(), true, 60 * day, renew, 0},
		{"expired", fresh(), true, 91 * day, renew, 0},
		{"the certificate begins later: a clock was ahead", must(fresh().step(renew, start.Add(9*day), o)), true, 0, renew, 0},
		{"the authority begins later", fresh(), true, -9 * day, begin, 0},
		{"a third left of the authority", fresh(), true, 365*day*2/3 + time.Minute, announce, 0},
		{"the authority has expired", fresh(), true, 366 * day, begin, 0},
		{"announced, not written yet: the certificate is renewed all the same", announced(), false, 244 * day, renew, 0},
		{"announced, written", announced(), true, 244 * day, propagate, 0},
		{"announced, and the authority expired meanwhile", announced(), false, 366 * day, succeed, 0},
		{"announced, and that expired as well", announced(), false, 700 * day, announce, 0},
		{"spreading", must(propagated1().step(renew, start.Add(244*day), o)), true, 244 * day, wait, 244*day + 2*time.Minute},
		{"spread", propagated1(), true, 244*day + 2*time.Minute, succeed, 0},
		{"spreading, and the webhook configurations lost it", propagated1(), false, 244*day + time.Minute, repeat, 0},
		{"spreading for longer than ever: a clock was ahead", propagated1(), true, 244*day - 30*time.Minute, repeat, 0},
		{"lost: wait for the webhook configurations", lost(), false, 0, wait, 365 * day},
		{"lost: they have it", lost(), true, 0, propagate, 0},
	} {
		got, until := next(test.state, test.seen, start.Add(test.at), o)
		if got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
		if want := start.Add(test.until); got == wait && until.Sub(want).Abs() > time.Second {
			t.Errorf("%s: until %s, want %s", test.name, until, want)
		}
	}
}

// must is for what fails only without a source of random numbers.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func TestARetiredAuthorityIsTrustedUntilItsLastCertificateExpires(t *testing.T) {
	o := options()
	start := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	s := must(first(nil, start, o))
	old := s.current
	for _, a := range []action{announce, propagate, succeed} {
		s = must(s.step(a, start, o))
	}
	if s.current == old || len(s.retired) != 1 || !s.retired[0].certificate.Equal(old.certificate) {
		t.Fatalf("after the change: %+v", s)
	}
	if err := verify(s.leaf.certificate, []*x509.Certificate{s.current.certificate}, start, o); err != nil {
		t.Error(err)
	}
	// The certificate of the new authority is renewed first, so that there is one step left.
	s = must(s.step(renew, start.Add(70*day), o))
	if a, _ := next(s, true, start.Add(90*day-time.Second), o); a != wait {
		t.Errorf("before: %s", a)
	}
	if a, _ := next(s, true, start.Add(90*day), o); a != prune {
		t.Errorf("after: %s", a)
	}
	if s = must(s.step(prune, start.Add(90*day), o)); len(s.retired) != 0 {
		t.Errorf("still trusted: %d", len(s.retired))
	}
}

func TestOthersAreTrustedForAWhileWhereAnAuthorityTakesOver(t *testing.T) {
	o := options()
	start := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	valid := must(newCA(start, o)).certificate
	expired := must(newCA(start.Add(-366*day), o)).certificate
	s := must(first([]*x509.Certificate{valid, expired, valid}, start, o))
	if s.leaf != nil || s.current != nil || len(s.trusted()) != 2 {
		t.Fatalf("%+v", s)
	}
	s = must(must(s.step(propagate, start, o)).step(succeed, start, o))
	if until := s.retired[0].until; !until.Equal(start.Add(time.Hour)) {
		t.Errorf("until %s", until)
	}
	many := make([]*x509.Certificate, 0, 2*maxTakenOver)
	for range cap(many) {
		many = append(many, must(newCA(start, o)).certificate)
	}
	if s := must(first(many, start, o)); len(s.retired) != maxTakenOver {
		t.Errorf("%d taken over", len(s.retired))
	}
}

func TestCertificates(t *testing.T) {
	o := options()
	start := time.Now()
	ca := must(newCA(start, o))
	leaf := must(ca.newLeaf(start, o))
	if want := []string{"aws-auth-guard.aws-auth-guard.svc", "aws-auth-guard.aws-auth-guard.svc.cluster.local", "aws-auth-guard.aws-auth-guard"}; !slices.Equal(leaf.certificate.DNSNames, want) {
		t.Errorf("names: %q", leaf.certificate.DNSNames)
	}
	roots := []*x509.Certificate{ca.certificate}
	if err := verify(leaf.certificate, roots, start, o); err != nil {
		t.Error(err)
	}
	foreign := *o
	foreign.Service = "kubernetes"
	if err := verify(must(ca.newLeaf(start, &foreign)).certificate, roots, start, &foreign); err == nil {
		t.Error("the authority can sign for another Service")
	}
	sub := must(issue(&x509.Certificate{
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotAfter: ca.certificate.NotAfter,
	}, ca, start, "sub"))
	pool := x509.NewCertPool()
	pool.AddCert(sub.certificate)
	all := x509.NewCertPool()
	all.AddCert(ca.certificate)
	if _, err := must(sub.newLeaf(start, o)).certificate.Verify(x509.VerifyOptions{Roots: all, Intermediates: pool, DNSName: o.names()[0]}); err == nil {
		t.Error("the authority can make another")
	}
	if late := must(ca.newLeaf(start.Add(300*day), o)); late.certificate.NotAfter.After(ca.certificate.NotAfter) {
		t.Error("a certificate outlives its authority")
	}
}

func TestOptionsHaveBounds(t *testing.T) {
	for _, test := range []struct {
		change func(*Options)
		ok     bool
	}{
		{func(*Options) {}, true},
		{func(o *Options) { o.LeafValidity = MinLeafValidity - 1 }, false},
		{func(o *Options) { o.LeafValidity, o.CAValidity = MinLeafValidity, 3*MinLeafValidity }, true},
		{func(o *Options) { o.LeafValidity = o.CAValidity/3 + 1 }, false},
		{func(o *Options) { o.CAValidity = MaxCAValidity }, true},
		{func(o *Options) { o.CAValidity = MaxCAValidity + 1 }, false},
		{func(o *Options) { o.Namespace = "" }, false},
		{func(o *Options) { o.Namespace = "a.b" }, false},
		{func(o *Options) { o.Service = "1a" }, false},
		{func(o *Options) { o.Secret = "A" }, false},
		{func(o *Options) { o.Configuration = "" }, false},
	} {
		o := options()
		test.change(o)
		if err := o.Validate(); (err == nil) != test.ok {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
