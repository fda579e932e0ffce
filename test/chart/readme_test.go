package chart

import (
	"regexp"
	"strings"
	"testing"

	"github.com/aws-auth-guard/aws-auth-guard/test/chart/render"
)

// TestReadme renders the chart with the values that each command of its README gives. That the commands work is tested by test/install.
func TestReadme(t *testing.T) {
	ways := map[string]bool{}
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(readFile(t, inChart("README.md")), -1) {
		for command := range strings.Lines(strings.ReplaceAll(block[1], "\\\n", "")) {
			words := strings.Fields(strings.ReplaceAll(command, "'", ""))
			if words[0] != "helm" || words[1] == "test" || words[1] == "uninstall" {
				continue
			}
			if !strings.Contains(command, " "+render.Release+" "+render.ChartPath+" --namespace "+render.Namespace+" ") {
				t.Errorf("it installs something else: %s", command)
			}
			var o render.Options
			for i, word := range words {
				switch word {
				case "--set":
					o.Set = append(o.Set, words[i+1])
				case "--set-file":
					name, _, _ := strings.Cut(words[i+1], "=")
					o.Set = append(o.Set, name+"=-----BEGIN CERTIFICATE-----")
				case "--values":
					o.ValueFiles = append(o.ValueFiles, root+"/"+words[i+1])
				}
			}
			rendered(t, o)
			ways[words[1]+" "+strings.Join(o.Set, " ")] = true
		}
	}
	if len(ways) != 6 {
		t.Errorf("the README has %d ways to install: %v", len(ways), ways)
	}
}

// TestReadmeLinks wants every page of the repository that the README of the chart leads to to be there.
func TestReadmeLinks(t *testing.T) {
	links := regexp.MustCompile(`\(https://github.com/aws-auth-guard/aws-auth-guard/(?:blob|tree)/main/([^)#]+)(?:#([^)]+))?\)`).FindAllStringSubmatch(readFile(t, inChart("README.md")), -1)
	if len(links) < 4 {
		t.Fatalf("only %d links", len(links))
	}
	for _, link := range links {
		if !strings.HasSuffix(link[1], ".md") {
			continue
		}
		page := readFile(t, root+"/"+link[1])
		headings := map[string]bool{"": true}
		for _, h := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(page, -1) {
			headings[strings.ReplaceAll(strings.ToLower(h[1]), " ", "-")] = true
		}
		if !headings[link[2]] {
			t.Errorf("%s has no heading %s", link[1], link[2])
		}
	}
}
