package eks

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// iamPrincipal is a role or a user as IAM writes it.
type iamPrincipal struct {
	XMLName                  xml.Name
	Path                     string
	RoleName                 string `xml:",omitempty"`
	RoleID                   string `xml:"RoleId,omitempty"`
	UserName                 string `xml:",omitempty"`
	UserID                   string `xml:"UserId,omitempty"`
	Arn                      string
	CreateDate               string
	AssumeRolePolicyDocument string `xml:",omitempty"`
	// RoleLastUsed is empty for a role that was never used. Lists don't have it.
	RoleLastUsed *roleLastUsed
}

type roleLastUsed struct {
	LastUsedDate string `xml:",omitempty"`
	Region       string `xml:",omitempty"`
}

type iamList struct {
	Roles struct {
		Member []iamPrincipal
	}
	IsTruncated bool
	Marker      string `xml:",omitempty"`
}

type identity struct{ Account, Arn, UserID string }

var iamCalls = map[string]func(*Server, *call) (any, error){
	"GetRole":   func(s *Server, c *call) (any, error) { return s.getPrincipal(c, "role", "RoleName") },
	"GetUser":   func(s *Server, c *call) (any, error) { return s.getPrincipal(c, "user", "UserName") },
	"ListRoles": (*Server).listRoles,
	"GetCallerIdentity": func(s *Server, c *call) (any, error) {
		return identity{s.options.Account, s.caller(), "AROAEXAMPLE:session"}, c.only()
	},
}

// only refuses parameters that a call does not take.
func (c *call) only(names ...string) error {
	for name := range c.query {
		if !slices.Contains(append(names, "Action", "Version"), name) {
			return &Fault{http.StatusBadRequest, "ValidationError", fmt.Sprintf("the test server: %s takes no parameter %s", c.operation, name)}
		}
	}
	return nil
}

// own are the principals of a kind in the caller's account, in the order of their ARNs. IAM tells of no others.
func (s *Server) own(kind string) []*principal {
	prefix := "arn:" + s.options.Partition + ":iam::" + s.options.Account + ":" + kind + "/"
	var all []*principal
	for _, arn := range slices.Sorted(maps.Keys(s.principals)) {
		if strings.HasPrefix(arn, prefix) {
			all = append(all, s.principals[arn])
		}
	}
	return all
}

func (s *Server) getPrincipal(c *call, kind, parameter string) (any, error) {
	if err := c.only(parameter); err != nil {
		return nil, err
	}
	name := c.query.Get(parameter)
	if name == "" || len(name) > 64 {
		return nil, &Fault{http.StatusBadRequest, "ValidationError", "Value at '" + parameter + "' failed to satisfy constraint: Member must have length less than or equal to 64"}
	}
	for _, p := range s.own(kind) {
		if strings.EqualFold(p.arn[strings.LastIndex(p.arn, "/")+1:], name) {
			out := p.shown(kind)
			if kind == "role" {
				out.RoleLastUsed = &roleLastUsed{Region: p.role.Region}
				if !p.role.Used.IsZero() {
					out.RoleLastUsed.LastUsedDate = p.role.Used.UTC().Format(time.RFC3339)
				}
			}
			return out, nil
		}
	}
	return nil, &Fault{http.StatusNotFound, "NoSuchEntity", fmt.Sprintf("The %s with name %s cannot be found.", kind, name)}
}

func (s *Server) listRoles(c *call) (any, error) {
	if err := c.only("Marker", "MaxItems", "PathPrefix"); err != nil {
		return nil, err
	}
	under := c.query.Get("PathPrefix")
	if c.query.Has("PathPrefix") && (!strings.HasPrefix(under, "/") || len(under) > 512) {
		return nil, &Fault{http.StatusBadRequest, "ValidationError", "The specified value for pathPrefix is invalid"}
	}
	all := slices.DeleteFunc(s.own("role"), func(p *principal) bool { return !strings.HasPrefix(p.shown("role").Path, under) })
	most, from := 100, 0
	if c.query.Has("MaxItems") {
		if _, err := fmt.Sscan(c.query.Get("MaxItems"), &most); err != nil || most < 1 || most > 1000 {
			return nil, &Fault{http.StatusBadRequest, "ValidationError", "MaxItems must be between 1 and 1000"}
		}
	}
	if c.query.Has("Marker") {
		if _, err := fmt.Sscan(c.query.Get("Marker"), &from); err != nil || from < 0 || from > len(all) {
			return nil, &Fault{http.StatusBadRequest, "ValidationError", "The marker is not valid"}
		}
	}
	if s.options.PageSize > 0 {
		most = min(most, s.options.PageSize)
	}
	to := min(from+most, len(all))
	var list iamList
	for _, p := range all[from:to] {
		shown := p.shown("role")
		shown.XMLName.Local = "member"
		list.Roles.Member = append(list.Roles.Member, shown)
	}
	if list.IsTruncated = to < len(all); list.IsTruncated {
		list.Marker = fmt.Sprint(to)
		if s.options.StuckPages {
			list.Marker = fmt.Sprint(from)
		}
	}
	return list, nil
}

// trustEC2 is the trust policy of a role for EC2.
const trustEC2 = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

func (p *principal) shown(kind string) iamPrincipal {
	resource := p.arn[strings.Index(p.arn, "/"):]
	name := resource[strings.LastIndex(resource, "/")+1:]
	out := iamPrincipal{Path: strings.TrimSuffix(resource, name), Arn: p.arn, CreateDate: p.created.UTC().Format(time.RFC3339)}
	if kind == "role" {
		out.XMLName.Local, out.RoleName, out.RoleID, out.AssumeRolePolicyDocument = "Role", name, p.id, strings.ReplaceAll(url.QueryEscape(cmp.Or(p.role.Trust, trustEC2)), "+", "%20")
	} else {
		out.XMLName.Local, out.UserName, out.UserID = "User", name, p.id
	}
	return out
}

// writeXML wraps an answer as the query protocol does: GetRoleResponse, GetRoleResult.
func writeXML(w http.ResponseWriter, c *call, answer any) {
	w.Header().Set("Content-Type", "text/xml")
	namespace := "https://iam.amazonaws.com/doc/2010-05-08/"
	if c.service == serviceSTS {
		namespace = "https://sts.amazonaws.com/doc/2011-06-15/"
	}
	e := xml.NewEncoder(w)
	start := func(name string) xml.StartElement { return xml.StartElement{Name: xml.Name{Local: name}} }
	response := start(c.operation + "Response")
	response.Attr = []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: namespace}}
	result := start(c.operation + "Result")
	_ = e.EncodeToken(response)
	switch v := answer.(type) {
	case iamPrincipal:
		_ = e.EncodeToken(result)
		_ = e.Encode(v)
		_ = e.EncodeToken(result.End())
	case iamList:
		_ = e.EncodeToken(result)
		roles := start("Roles")
		_ = e.EncodeToken(roles)
		for _, r := range v.Roles.Member {
			_ = e.Encode(r)
		}
		_ = e.EncodeToken(roles.End())
		_ = e.EncodeElement(v.IsTruncated, start("IsTruncated"))
		if v.Marker != "" {
			_ = e.EncodeElement(v.Marker, start("Marker"))
		}
		_ = e.EncodeToken(result.End())
	case identity:
		_ = e.EncodeToken(result)
		_ = e.EncodeElement(v.Arn, start("Arn"))
		_ = e.EncodeElement(v.UserID, start("UserId"))
		_ = e.EncodeElement(v.Account, start("Account"))
		_ = e.EncodeToken(result.End())
	}
	_ = e.EncodeToken(response.End())
	_ = e.Flush()
}
