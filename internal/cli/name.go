package cli

import (
	"io"
	"path/filepath"
	"strings"
)

// plugin is what our texts call the program, and pluginFile its file. Where it was called by another name, spoken puts that in.
const (
	plugin     = "kubectl aws-auth"
	pluginFile = "kubectl-aws_auth"
)

// program is the name that the program was called by.
type program struct {
	// file is that of the executable.
	file string
	// words are what a person types in front of a command.
	words string
}

// calledAs takes the name from the first word of the command line. kubectl finds plugins by their files: kubectl-aws_auth_guard,
// as krew installs it, is `kubectl aws-auth-guard`.
func calledAs(arg0 string) program {
	if arg0 == "" {
		return program{pluginFile, plugin}
	}
	file := strings.TrimSuffix(filepath.Base(arg0), ".exe")
	words, isPlugin := strings.CutPrefix(file, "kubectl-")
	if !isPlugin {
		return program{file, file}
	}
	return program{file, "kubectl " + strings.NewReplacer("-", " ", "_", "-").Replace(words)}
}

// say puts the name into a text of ours. To do so twice changes nothing.
func (p program) say(text string) string {
	if strings.HasPrefix(p.words, plugin) {
		text = strings.ReplaceAll(text, p.words, plugin)
	}
	return strings.ReplaceAll(text, plugin, p.words)
}

// spoken writes texts of ours, with the name that the program was called by. What comes from a file must not go through it.
type spoken struct {
	io.Writer
	program program
}

// Write implements io.Writer.
func (s spoken) Write(b []byte) (int, error) {
	if _, err := io.WriteString(s.Writer, s.program.say(string(b))); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Unwrap gives the writer below, as text.Writer does.
func (s spoken) Unwrap() io.Writer { return s.Writer }

// program is the name that the program was called by.
func (s Streams) program() program { return calledAs(s.Program) }

// prose is standard output for texts of ours.
func (s Streams) prose() io.Writer { return spoken{s.Out, s.program()} }
