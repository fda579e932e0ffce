package audit

import (
	"fmt"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// Outlier is a cluster in which a principal may do something else than elsewhere.
type Outlier struct {
	Context string      `json:"context"`
	Kind    OutlierKind `json:"kind"`
	// Why says it in words.
	Why string `json:"why"`

	cluster int
}

// OutlierKind says what is unlike elsewhere.
type OutlierKind string

// The kinds, the gravest first.
const (
	// AdminHere is an administrator in one cluster, or in the fewer of them.
	AdminHere OutlierKind = "admin-here"
	// OnlyHere gets in here alone. Roles of nodes are meant to.
	OnlyHere OutlierKind = "only-here"
	// Differs is unlike more than half of the clusters.
	Differs OutlierKind = "differs"
)

// outliersOf compares the cells of a row that are known.
func (m *Matrix) outliersOf(cells []MatrixCell) []Outlier {
	known, in, count := 0, 0, map[string]int{}
	for i := range cells {
		if level := cells[i].level; level != "" {
			known++
			count[level]++
		}
		if cells[i].In != nil && *cells[i].In {
			in++
		}
	}
	most := ""
	for level, n := range count {
		if n*2 > known {
			most = level
		}
	}
	list := []Outlier{}
	admins := count[levelAdmin]
	for i := range cells {
		level := cells[i].level
		add := func(kind OutlierKind, why string) {
			list = append(list, Outlier{m.Clusters[i].Context, kind, why, i})
		}
		switch {
		case level == "" || known < 2:
		case level == levelAdmin && admins < known && (admins == 1 || admins*2 < known):
			add(AdminHere, "administrator here, and less in "+others(known-admins))
		case level != levelOut && level != levelNode && in == 1:
			add(OnlyHere, "gets in here, and not in "+others(known-1))
		case most != "" && level != most && in > 1:
			add(Differs, fmt.Sprintf("%s here; %s in %d of the %d clusters that are known", cells[i].said, text.Cut(most, maxSaid), count[most], known))
		}
	}
	return list
}

// rank puts those first who differ most.
func (r *MatrixMember) rank() int {
	lowest := 3
	for _, o := range r.Outliers {
		for rank, kind := range []OutlierKind{AdminHere, OnlyHere, Differs} {
			if o.Kind == kind {
				lowest = min(lowest, rank)
			}
		}
	}
	return lowest
}

// differs reports whether the cell of a cluster is an outlier.
func (r *MatrixMember) differs(cluster int) bool {
	for _, o := range r.Outliers {
		if o.cluster == cluster {
			return true
		}
	}
	return false
}
