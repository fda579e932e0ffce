package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/aws-auth-guard/aws-auth-guard/internal/cluster/live"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history"
	"github.com/aws-auth-guard/aws-auth-guard/internal/history/restore"
	"github.com/aws-auth-guard/aws-auth-guard/internal/trace"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/edit"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/manifest"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/policy"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/report"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
	"github.com/aws-auth-guard/aws-auth-guard/pkg/validate"
)

// file edits a file. Where its rules refuse the edit, the file stays as it is.
func (e *editing) file(c *cobra.Command, p plan) error {
	checker, err := e.checker(c)
	if err != nil {
		return err
	}
	if checker, err = checker.at(manifest.Input{Path: e.entryFlags.file}); err != nil {
		return err
	}
	file, d, err := loadMap(e.entryFlags.file, e.Streams)
	if err != nil {
		return unreadable(err)
	}
	if d.Edit != nil && !d.Edit.Deletes && len(d.Edit.Takes) > 0 {
		key := d.Edit.Takes[0]
		return unreadable(fmt.Errorf("%s: this reads as a patch that takes %s away: for a map without entries write `%s: \"\"` in place of null",
			text.Visible(e.entryFlags.file), key, key))
	}
	if d.Edit != nil {
		return unreadable(fmt.Errorf("%s: this is a plan of another tool: edit what the plan is made from", text.Visible(e.entryFlags.file)))
	}
	doc := awsauth.ReadAll(d.Data, d.BinaryData)
	for _, near := range trace.NearKeys(doc, file, d) {
		fmt.Fprintf(text.Writer{Writer: e.Err}, "%s:%d:%d: %s\n", file.Name, near.Line, near.Column, near.Message)
	}
	m, err := p.make(doc)
	if err != nil {
		return refusedEdit(e.entryFlags.file, unsoundIn(file, d, e.entryFlags.file, err))
	}
	if len(m.results) == 0 {
		return errors.Join(nothingToDo(e.Out), e.unchanged(file.Text))
	}
	if err := foreign(file, d, m); err != nil {
		return refusedEdit(e.entryFlags.file, err)
	}
	after, err := applied(file, d, m.results)
	if err != nil {
		return refusedEdit(e.entryFlags.file, err)
	}
	fmt.Fprint(text.Writer{Writer: e.Out}, m.preview())
	m.advise(spoken{e.Err, e.program()})
	written := after.Documents[slices.Index(file.Documents, d)]
	place := func(s awsauth.Sentence) string { return report.FileLines(s, after, written) }
	if err := judged(e.Err, checker, m, place); err != nil {
		return err
	}
	switch {
	case e.output != "", e.entryFlags.file == "-" && e.dryRun == dryRunNone:
		_, err := io.WriteString(e.out, after.Text)
		return err
	case e.dryRun == dryRunClient:
		return nil
	case !e.yes && isTerminal(e.In):
		if yes, err := confirm(e.Streams, fmt.Sprintf("Write %s? [y/N] ", filepath.Base(e.entryFlags.file))); !yes {
			return &exitError{exitFindings, errors.Join(err, errors.New("nothing was written"))}
		}
	}
	if err := replaceUndisturbed(c.Context(), e.entryFlags.file, file.Text, after.Text); err != nil {
		return unreadable(err)
	}
	fmt.Fprintf(e.Out, "%s: written\n", text.Visible(e.entryFlags.file))
	return nil
}

// unchanged prints a file that stays as it is, where its text was to be printed.
func (e *editing) unchanged(text string) error {
	if e.output == "" && (e.entryFlags.file != "-" || e.dryRun != dryRunNone) {
		return nil
	}
	_, err := io.WriteString(e.out, text)
	return err
}

// foreign refuses templates of EKS in the files of other tools, whose own templates they would be: Ansible, Argo CD and all that
// renders the file fill in {{…}}.
func foreign(file *manifest.File, d *manifest.Document, m *made) error {
	if d.Whole && !file.FillsBraces(d) {
		return nil
	}
	for _, r := range m.results {
		for _, made := range r.Edits {
			if strings.Contains(made.New, "{{") {
				return errors.New("the tool that reads this file could take {{…}} for a template of its own: give --username without one, or edit the file by hand")
			}
		}
	}
	return nil
}

// applied makes the edits in the file.
func applied(file *manifest.File, d *manifest.Document, results []*edit.Result) (*manifest.File, error) {
	index := slices.Index(file.Documents, d)
	for _, r := range results {
		var err error
		key := string(r.Key)
		if d.Begins(key) {
			file, err = file.Begin(d, key, r.Doc.Section(r.Key).Text)
		} else {
			file, err = file.Make([]manifest.Change{{Document: d, Key: key, Edits: r.Edits}})
		}
		if err != nil {
			return nil, err
		}
		d = file.Documents[index]
	}
	return file, nil
}

func refusedEdit(name string, err error) error {
	return &exitError{exitFindings, fmt.Errorf("%s: not changed: %w", text.Visible(name), err)}
}

// judged says what the rules find in what the edit brings in, and fails where they refuse it. place writes the lines that a finding
// names as those of the file.
func judged(w io.Writer, c *checker, m *made, place func(awsauth.Sentence) string) error {
	refused := 0
	for _, f := range validate.CheckEdit(m.old, m.doc, c.Options) {
		if !f.Touched {
			continue
		}
		level := c.Policy.Action(f.Rule).Level()
		if f.Inconclusive {
			level = validate.Warning
		}
		if level == validate.Error {
			refused++
		}
		fmt.Fprintf(w, "%s: %s [%s]\n", level, text.Visible(place(f.Sentence())), f.Rule)
	}
	if refused > 0 {
		return &exitError{exitFindings, errors.New("nothing was written: the guard would refuse this edit; with --profile=audit it is written all the same")}
	}
	return nil
}

// live edits the live map. Where somebody else was quicker, the edit is worked out again.
func (e *editing) live(ctx context.Context, p plan) error {
	agreed := ""
	for range maxConflicts {
		progress := newProgress(e.Err)
		r, config, err := e.cluster.reader(progress)
		if err != nil {
			progress.done()
			return unreadable(orFile(err))
		}
		file, d, cm, err := r.File(ctx)
		progress.done()
		if err != nil && !errors.Is(err, live.ErrNoMap) {
			return unreadable(err)
		}
		m, err := p.make(mapDocument(cm))
		switch {
		case err != nil:
			return refusedEdit(liveName, unsoundIn(file, d, "", err))
		case len(m.results) == 0 && e.output == "":
			return nothingToDo(e.Out)
		case e.output != "":
			return printMap(e.out, e.output, dataWith(cm, m), cm)
		}
		preview := m.preview()
		if cm == nil {
			preview = "the cluster has no ConfigMap " + liveName + " yet: this makes it\n" + preview
		}
		if preview != agreed {
			name := e.cluster.name(config.Host)
			fmt.Fprintf(text.Writer{Writer: e.Out}, "%s\n%s", name, preview)
			m.advise(spoken{e.Err, e.program()})
			if e.writes() && !e.yes {
				if yes, err := confirm(e.Streams, fmt.Sprintf("Write this to %s? [y/N] ", name)); !yes {
					return &exitError{exitFindings, errors.Join(err, errors.New("nothing was written"))}
				}
			}
			agreed = preview
		}
		if e.dryRun == dryRunClient {
			return nil
		}
		err = e.put(ctx, config, cm, dataWith(cm, m))
		if !restore.Changed(err) {
			return err
		}
	}
	return &exitError{exitFindings, fmt.Errorf("somebody changed the map each of %d times, so nothing was written: run this again", maxConflicts)}
}

// documentOf is the map of a ConfigMap, an empty one where there is none.
func mapDocument(cm *corev1.ConfigMap) *awsauth.Document {
	if cm == nil {
		return awsauth.ReadAll(nil, nil)
	}
	doc := awsauth.ReadAll(cm.Data, cm.BinaryData)
	doc.Immutable = cm.Immutable != nil && *cm.Immutable
	return doc
}

func dataWith(cm *corev1.ConfigMap, m *made) map[string]string {
	data := map[string]string{}
	if cm != nil {
		for key, value := range cm.Data {
			data[key] = value
		}
	}
	for _, r := range m.results {
		data[string(r.Key)] = m.doc.Section(r.Key).Text
	}
	return data
}

// put writes the map and says what became of it. The error is as the API server gave it where the map has changed meanwhile.
func (e *editing) put(ctx context.Context, config *rest.Config, cm *corev1.ConfigMap, data map[string]string) error {
	spoken := rest.CopyConfig(config)
	spoken.WarningHandler = rest.NewWarningWriter(e.Err, rest.WarningWriterOptions{})
	client, err := kubernetes.NewForConfig(spoken)
	if err != nil {
		return unreadable(err)
	}
	content := history.Content{Data: data}
	if cm != nil {
		content.BinaryData = cm.BinaryData
	}
	put := &restore.Put{Live: cm, Content: content, FieldManager: entryManager, DryRun: e.dryRun == dryRunServer, Annotations: map[string]string{}}
	if e.override != "" {
		put.Annotations[policy.OverrideAnnotation] = e.override
	}
	stored, err := put.Do(ctx, client)
	switch {
	case restore.Changed(err):
		return err
	case err != nil:
		w := writing{name: e.name, command: e.command, again: e.cluster.again(), cluster: e.cluster.again()}
		return w.failed(err)
	}
	repaired := ""
	if history.ContentOf(stored).Name() != content.Name() {
		repaired = ", as the guard repaired it"
	}
	if put.DryRun {
		fmt.Fprintf(e.Out, "the map would be written%s (server dry run)\n", repaired)
		return nil
	}
	fmt.Fprintf(e.Out, "the map is written%s\n", repaired)
	return nil
}

// printMap prints the ConfigMap as it would be.
func printMap(w io.Writer, format string, data map[string]string, cm *corev1.ConfigMap) error {
	shown := &corev1.ConfigMap{}
	if cm != nil {
		shown = cm.DeepCopy()
		shown.ManagedFields = nil
	}
	shown.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}
	shown.Namespace, shown.Name, shown.Data = awsauth.Namespace, awsauth.Name, data
	if format == formatJSON {
		return text.WriteJSON(w, shown)
	}
	f, _, err := live.AsFile(liveName, shown)
	if err != nil {
		return unreadable(err)
	}
	if _, err := io.WriteString(w, f.Text); err != nil {
		return unreadable(fmt.Errorf("writing the map: %w", err))
	}
	return nil
}
