package history

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/awsauth"
)

const (
	// maxPlain is the size in bytes up to which a state is kept as it is, so that kubectl alone shows it. A larger one is
	// compressed: the JSON of a map of 1 MiB, the most that a ConfigMap can hold, may be over etcd's 1.5 MiB.
	maxPlain = 512 << 10
	// maxUnpacked bounds what is read of a compressed state: JSON writes a byte as six at worst.
	maxUnpacked = 8 << 20
	// namePrefix begins the names of the revisions, the hash of the content ends them.
	namePrefix = awsauth.Name + "-"
	// hashDigits of SHA-256 in a name: 128 bits.
	hashDigits = 32
)

// Content is one state of the map: what the authenticator could read, and nothing else of the object.
type Content struct {
	// Deleted is set where there was no map.
	Deleted    bool              `json:"deleted,omitempty"`
	Data       map[string]string `json:"data,omitempty"`
	BinaryData map[string][]byte `json:"binaryData,omitempty"`
}

// ContentOf is the state of a ConfigMap; nil is a map that is not there.
func ContentOf(cm *corev1.ConfigMap) Content {
	if cm == nil {
		return Content{Deleted: true}
	}
	return Content{Data: cm.Data, BinaryData: cm.BinaryData}
}

// Document reads the state as the authenticator does; nil where there was no map.
func (c Content) Document() *awsauth.Document {
	if c.Deleted {
		return nil
	}
	return awsauth.ReadAll(c.Data, c.BinaryData)
}

// Name is the name of the ControllerRevision that holds the state. Equal states have equal names, in every process.
func (c Content) Name() string {
	sum := sha256.Sum256(c.json())
	return namePrefix + hex.EncodeToString(sum[:])[:hashDigits]
}

// json is the state in one way of writing: keys sorted, and what is not UTF-8 replaced as the API server's JSON does it.
func (c Content) json() []byte {
	valid := make(map[string]string, len(c.Data))
	for key, value := range c.Data {
		valid[key] = value
		if !utf8.ValidString(value) {
			valid[key] = string([]rune(value))
		}
	}
	c.Data = valid
	// Texts, bytes and a boolean can always be written.
	text, _ := json.Marshal(c) //nolint:errchkjson // See above.
	return text
}

// packed is what a large state is kept as.
type packed struct {
	Gzip []byte `json:"gzip"`
}

// encode gives the data of a ControllerRevision.
func (c Content) encode() ([]byte, error) {
	text := c.json()
	if len(text) <= maxPlain {
		return text, nil
	}
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return json.Marshal(packed{b.Bytes()})
}

// errForged says that a revision does not hold what its name says. The API server lets nobody change the data of a
// ControllerRevision, so somebody has made it by hand.
var errForged = errors.New("its content does not fit its name: it was not made by the guard")

// errDamaged says that a revision can't be read.
var errDamaged = errors.New("its data can't be read: it is damaged, or was not made by the guard")

// decode reads the data of a ControllerRevision of that name.
func decode(name string, data []byte) (Content, error) {
	var p packed
	if json.Unmarshal(data, &p) != nil {
		return Content{}, errDamaged
	}
	if p.Gzip != nil {
		r, err := gzip.NewReader(bytes.NewReader(p.Gzip))
		if err == nil {
			data, err = io.ReadAll(io.LimitReader(r, maxUnpacked))
		}
		if err != nil {
			return Content{}, errDamaged
		}
	}
	var c Content
	if json.Unmarshal(data, &c) != nil {
		return Content{}, errDamaged
	}
	if c.Name() != name {
		return Content{}, errForged
	}
	return c, nil
}
