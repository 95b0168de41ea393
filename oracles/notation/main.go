// Signs artifacts as Notary Project's own library does, in both kinds of envelopes, with keys of each kind it knows, good and
// bad, and says what that library's verifier finds of each under a trust policy. Prints one JSON document.
package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/signer"
	"github.com/notaryproject/notation-go/verifier"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	"github.com/notaryproject/notation-go/verifier/truststore"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

type authority struct {
	key  crypto.Signer
	cert *x509.Certificate
}

type recorded struct {
	Name         string            `json:"name"`
	Digest       string            `json:"digest"`
	Policy       json.RawMessage   `json:"policy"`
	Certificates map[string]string `json:"certificates"`
	// What the library's verifier says: "verified", "ignored" or why not.
	Verdict   string            `json:"verdict"`
	Manifests map[string]string `json:"manifests"`
	Blobs     map[string]string `json:"blobs"`
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func pemOf(cert *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
}

var serial int64

func nextSerial() *big.Int {
	serial++
	return big.NewInt(serial)
}

func newAuthority(name string) authority {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: nextSerial(), Subject: pkix.Name{Country: []string{"US"}, Province: []string{"WA"}, Organization: []string{name}, CommonName: name + " root"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(60, 0, 0),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, BasicConstraintsValid: true, IsCA: true,
	}
	raw := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	return authority{key, must(x509.ParseCertificate(raw))}
}

type leafOptions struct {
	organization string
	commonName   string
	notAfter     time.Time
	usage        x509.KeyUsage
	extended     []x509.ExtKeyUsage
	crl          []string
}

func (a authority) leaf(key crypto.Signer, o leafOptions) *x509.Certificate {
	if o.organization == "" {
		o.organization = "Keelson"
	}
	if o.commonName == "" {
		o.commonName = "signer, of \"charts\""
	}
	if o.notAfter.IsZero() {
		o.notAfter = time.Now().AddDate(50, 0, 0)
	}
	if o.usage == 0 {
		o.usage = x509.KeyUsageDigitalSignature
	}
	if o.extended == nil {
		o.extended = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	}
	template := &x509.Certificate{
		SerialNumber: nextSerial(), Subject: pkix.Name{Country: []string{"DE"}, Province: []string{"Berlin"}, Organization: []string{o.organization}, OrganizationalUnit: []string{"Release"}, CommonName: o.commonName},
		NotBefore: time.Now().Add(-time.Minute), NotAfter: o.notAfter, KeyUsage: o.usage, ExtKeyUsage: o.extended, CRLDistributionPoints: o.crl,
	}
	raw := must(x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key))
	return must(x509.ParseCertificate(raw))
}

func (a authority) revocationList(revoked ...*big.Int) []byte {
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().AddDate(60, 0, 0)}
	for _, each := range revoked {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: each, RevocationTime: time.Now().Add(-30 * time.Minute), ReasonCode: 1})
	}
	return must(x509.CreateRevocationList(rand.Reader, list, a.cert, a.key))
}

func digestOf(bytes []byte) string {
	sum := sha256.Sum256(bytes)
	return "sha256:" + hex.EncodeToString(sum[:])
}

type store struct{ certs []*x509.Certificate }

func (s store) GetCertificates(context.Context, truststore.Type, string) ([]*x509.Certificate, error) {
	return s.certs, nil
}

const manifestType = "application/vnd.oci.image.manifest.v1+json"

var artifact = []byte(`{"schemaVersion":2,"mediaType":"` + manifestType + `","config":{"mediaType":"application/vnd.cncf.flux.config.v1+json","digest":"` + digestOf([]byte("{}")) + `","size":2},"layers":[{"mediaType":"application/vnd.cncf.flux.content.v1.tar+gzip","digest":"` + digestOf([]byte("a layer")) + `","size":7}]}`)

func policy(level string, scope string, identities ...string) trustpolicy.Document {
	statement := trustpolicy.TrustPolicy{
		Name: "charts", RegistryScopes: []string{scope}, SignatureVerification: trustpolicy.SignatureVerification{VerificationLevel: level},
		TrustStores: []string{"ca:keelson"}, TrustedIdentities: identities,
	}
	if level == "skip" {
		statement.TrustStores, statement.TrustedIdentities = nil, nil
	}
	return trustpolicy.Document{Version: "1.0", TrustPolicies: []trustpolicy.TrustPolicy{statement}}
}

type signing struct {
	name     string
	key      crypto.Signer
	chain    []*x509.Certificate
	envelope string
	expiry   time.Duration
	policy   trustpolicy.Document
	trusted  []*x509.Certificate
	// Signs another artifact than it is put beside.
	isOther bool
}

func sign(s signing) recorded {
	ctx := context.Background()
	desc := ocispec.Descriptor{MediaType: manifestType, Digest: "", Size: int64(len(artifact))}
	desc.Digest = must(parseDigest(digestOf(artifact)))
	signed := desc
	if s.isOther {
		signed.Digest = must(parseDigest(digestOf([]byte("other"))))
	}
	generic := must(signer.NewGenericSigner(s.key.(crypto.PrivateKey), s.chain))
	envelope, _, err := generic.Sign(ctx, signed, notation.SignerSignOptions{SignatureMediaType: s.envelope, ExpiryDuration: s.expiry})
	if err != nil {
		panic(fmt.Sprintf("%s: %v", s.name, err))
	}
	return recordedOf(s, desc, envelope)
}

func recordedOf(s signing, desc ocispec.Descriptor, envelope []byte) recorded {
	config := []byte("{}")
	signature := []byte(fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"artifactType":"application/vnd.cncf.notary.signature","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":%q,"size":2},"layers":[{"mediaType":%q,"digest":%q,"size":%d}],"subject":{"mediaType":%q,"digest":%q,"size":%d},"annotations":{"io.cncf.notary.x509chain.thumbprint#S256":"[]"}}`,
		manifestType, digestOf(config), s.envelope, digestOf(envelope), len(envelope), manifestType, desc.Digest.String(), desc.Size))
	certificates := map[string]string{}
	for i, cert := range s.trusted {
		certificates[fmt.Sprintf("ca%d.crt", i)] = pemOf(cert)
	}
	encode := base64.StdEncoding.EncodeToString
	return recorded{
		Name: s.name, Digest: desc.Digest.String(), Policy: must(json.Marshal(s.policy)), Certificates: certificates,
		Manifests: map[string]string{"1.0.0": string(artifact), digestOf(signature): string(signature)},
		Blobs:     map[string]string{digestOf(config): encode(config), digestOf([]byte("a layer")): encode([]byte("a layer")), digestOf(envelope): encode(envelope)},
	}
}

func verdict(s signing, r recorded) string {
	ctx := context.Background()
	desc := ocispec.Descriptor{MediaType: manifestType, Digest: must(parseDigest(r.Digest)), Size: int64(len(artifact))}
	document := s.policy
	judge, err := verifier.New(&document, store{s.trusted}, nil)
	if err != nil {
		return err.Error()
	}
	envelope := []byte{}
	for digest, text := range r.Blobs {
		bytes := must(base64.StdEncoding.DecodeString(text))
		if digest != digestOf([]byte("{}")) && digest != digestOf([]byte("a layer")) {
			envelope = bytes
		}
	}
	outcome, err := judge.Verify(ctx, desc, envelope, notation.VerifierVerifyOptions{ArtifactReference: "registry.example.com/app@" + r.Digest, SignatureMediaType: s.envelope})
	if err != nil {
		return err.Error()
	}
	if outcome.VerificationLevel == trustpolicy.LevelSkip {
		return "ignored"
	}
	for _, each := range outcome.VerificationResults {
		if each.Error != nil && each.Type == trustpolicy.TypeAuthenticity {
			return "ignored"
		}
	}
	return "verified"
}

// Stands for every server: the only one that is asked is the one with the list of revoked certificates.
func serve(list []byte) {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	go http.Serve(listener, http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) { answer.Write(list) }))
	os.Setenv("HTTP_PROXY", "http://"+listener.Addr().String())
}

const (
	jws  = "application/jose+json"
	cose = "application/cose"
)

func main() {
	root, stranger := newAuthority("Keelson"), newAuthority("Stranger")
	ec := func(curve elliptic.Curve) crypto.Signer { return must(ecdsa.GenerateKey(curve, rand.Reader)) }
	rs := func(bits int) crypto.Signer { return must(rsa.GenerateKey(rand.Reader, bits)) }
	keys := []struct {
		name string
		key  crypto.Signer
	}{{"ec-256", ec(elliptic.P256())}, {"ec-384", ec(elliptic.P384())}, {"ec-521", ec(elliptic.P521())}, {"rsa-2048", rs(2048)}, {"rsa-3072", rs(3072)}, {"rsa-4096", rs(4096)}}
	all := []signing{}
	trusted := []*x509.Certificate{root.cert}
	add := func(s signing) {
		if s.trusted == nil {
			s.trusted = trusted
		}
		if s.policy.Version == "" {
			s.policy = policy("strict", "*", "*")
		}
		all = append(all, s)
	}
	for _, each := range keys {
		leaf := root.leaf(each.key, leafOptions{})
		for kind, envelope := range map[string]string{"jws": jws, "cose": cose} {
			add(signing{name: each.name + "-" + kind, key: each.key, chain: []*x509.Certificate{leaf, root.cert}, envelope: envelope})
		}
	}
	key := keys[0].key
	chainOf := func(a authority, o leafOptions) []*x509.Certificate {
		return []*x509.Certificate{a.leaf(key, o), a.cert}
	}
	good, strange := chainOf(root, leafOptions{}), chainOf(stranger, leafOptions{})
	own := `x509.subject: C=DE, ST=Berlin, O=Keelson`
	for kind, envelope := range map[string]string{"jws": jws, "cose": cose} {
		add(signing{name: "other-artifact-" + kind, key: key, chain: good, envelope: envelope, isOther: true})
		add(signing{name: "wrong-authority-" + kind, key: key, chain: strange, envelope: envelope})
		for _, level := range []string{"permissive", "audit", "skip"} {
			add(signing{name: "wrong-authority-" + level + "-" + kind, key: key, chain: strange, envelope: envelope, policy: policy(level, "*", "*")})
			add(signing{name: "good-" + level + "-" + kind, key: key, chain: good, envelope: envelope, policy: policy(level, "*", "*")})
		}
		for _, level := range []string{"strict", "permissive", "audit"} {
			add(signing{name: "expired-" + level + "-" + kind, key: key, chain: good, envelope: envelope, expiry: time.Second, policy: policy(level, "*", "*")})
			short := chainOf(root, leafOptions{notAfter: time.Now().Add(20 * time.Second)})
			add(signing{name: "certificate-expired-" + level + "-" + kind, key: key, chain: short, envelope: envelope, policy: policy(level, "*", "*")})
		}
		add(signing{name: "not-expired-" + kind, key: key, chain: good, envelope: envelope, expiry: 50 * 365 * 24 * time.Hour})
	}
	named := func(name string, document trustpolicy.Document) {
		add(signing{name: name, key: key, chain: good, envelope: jws, policy: document})
	}
	named("identity", policy("strict", "*", own))
	named("identity-of-two", policy("strict", "*", `x509.subject: C=DE, ST=Berlin, O=Other`, own+`, OU=Release`))
	named("identity-escaped", policy("strict", "*", own+`, CN=signer\, of \"charts\"`))
	named("identity-other", policy("strict", "*", `x509.subject: C=DE, ST=Berlin, O=Other`))
	named("identity-state", policy("strict", "*", `x509.subject: C=DE, S=Berlin, O=Keelson`))
	named("identity-incomplete", policy("strict", "*", `x509.subject: CN=x`))
	named("identity-overlapping", policy("strict", "*", own, own+`, OU=Release`))
	named("identity-unprefixed", policy("strict", "*", `C=DE`))
	named("identity-other-audit", policy("audit", "*", `x509.subject: C=DE, ST=Berlin, O=Other`))
	named("scope", policy("strict", "registry.example.com/app", "*"))
	named("scope-other", policy("strict", "registry.example.com/other", "*"))
	named("scope-malformed", policy("strict", "registry.example.com", "*"))
	named("level-unknown", policy("lax", "*", "*"))
	versioned := policy("strict", "*", "*")
	versioned.Version = "2.0"
	named("version-unknown", versioned)
	skipped := policy("strict", "*", "*")
	skipped.TrustPolicies[0].SignatureVerification.Override = map[trustpolicy.ValidationType]trustpolicy.ValidationAction{"expiry": "log"}
	add(signing{name: "expired-overridden", key: key, chain: good, envelope: jws, expiry: time.Second, policy: skipped})
	unstored := policy("strict", "*", "*")
	unstored.TrustPolicies[0].TrustStores = []string{"signingAuthority:keelson"}
	named("store-of-another-scheme", unstored)
	stamped := policy("strict", "*", "*")
	stamped.TrustPolicies[0].TrustStores = []string{"ca:keelson", "tsa:keelson"}
	named("timestamp-missing", stamped)
	overridden := policy("strict", "*", "*")
	overridden.TrustPolicies[0].SignatureVerification.Override = map[trustpolicy.ValidationType]trustpolicy.ValidationAction{"integrity": "log"}
	named("override-of-integrity", overridden)

	// The list is served at this name by whoever replays these records.
	where := "http://crl.example.test/keelson.crl"
	withList := chainOf(root, leafOptions{crl: []string{where}})
	revoked := chainOf(root, leafOptions{crl: []string{where}})
	for _, level := range []string{"strict", "permissive"} {
		add(signing{name: "listed-" + level, key: key, chain: withList, envelope: jws, policy: policy(level, "*", "*")})
		add(signing{name: "revoked-" + level, key: key, chain: revoked, envelope: jws, policy: policy(level, "*", "*")})
	}
	list := root.revocationList(revoked[0].SerialNumber)
	serve(list)
	records := []recorded{}
	for _, each := range all {
		records = append(records, sign(each))
	}
	time.Sleep(25 * time.Second)
	for i := range records {
		records[i].Verdict = verdict(all[i], records[i])
	}
	out := map[string]any{"version": "notation-go v1.3.2", "cases": records, "revocationList": base64.StdEncoding.EncodeToString(list), "listAt": where}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(out); err != nil {
		panic(err)
	}
}
