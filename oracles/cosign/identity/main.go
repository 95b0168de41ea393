// Signs an OCI artifact as `cosign sign` does with an identity, by an authority, a certificate log and a transparency log of
// its own that live for one run: nothing here asks the network. Writes the trust root and the signatures as JSON.
// Usage: identity DIGEST REFERENCE SUBJECT ISSUER [expired|tampered]
package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

type object = map[string]any

// A key and its public half in DER, whose digest is a log's id.
type signer struct {
	key *ecdsa.PrivateKey
	der []byte
	id  [32]byte
}

func newSigner() signer {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	der := must(x509.MarshalPKIXPublicKey(&key.PublicKey))
	return signer{key, der, sha256.Sum256(der)}
}

func (s signer) sign(data []byte) []byte {
	digest := sha256.Sum256(data)
	return must(s.key.Sign(rand.Reader, digest[:], crypto.SHA256))
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func b64(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

// The fixtures must hold for as long as they are used.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
var end = time.Date(2126, 1, 1, 0, 0, 0, 0, time.UTC)

func authority(name string, parent *x509.Certificate, by *ecdsa.PrivateKey, own *ecdsa.PrivateKey) *x509.Certificate {
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(int64(len(name))),
		Subject:               pkix.Name{CommonName: name, Organization: []string{"keelson.test"}},
		NotBefore:             start,
		NotAfter:              end,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	if parent == nil {
		parent = template
	} else {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	}
	der := must(x509.CreateCertificate(rand.Reader, template, parent, &own.PublicKey, by))
	return must(x509.ParseCertificate(der))
}

// A certificate for some minutes, with the log's promise in it (RFC 6962, 3.2 and 3.3).
func leaf(key signer, ca *x509.Certificate, caKey signer, ctLog signer, subject, issuer string, at time.Time) *x509.Certificate {
	// The issuer as Fulcio writes it: in the older form, and as a string of ASN.1.
	extensions := []pkix.Extension{{
		Id:    asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 1},
		Value: []byte(issuer),
	}, {
		Id:    asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 8},
		Value: must(asn1.MarshalWithParams(issuer, "utf8")),
	}}
	make := func(extra []pkix.Extension) *x509.Certificate {
		template := &x509.Certificate{
			SerialNumber:    big.NewInt(42),
			NotBefore:       at,
			NotAfter:        at.Add(10 * time.Minute),
			KeyUsage:        x509.KeyUsageDigitalSignature,
			ExtKeyUsage:     []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
			ExtraExtensions: extra,
		}
		if strings.Contains(subject, "@") {
			template.EmailAddresses = []string{subject}
		} else {
			template.URIs = []*url.URL{must(url.Parse(subject))}
		}
		der := must(x509.CreateCertificate(rand.Reader, template, ca, &key.key.PublicKey, caKey.key))
		return must(x509.ParseCertificate(der))
	}
	tbs := make(extensions).RawTBSCertificate
	issuerHash := sha256.Sum256(ca.RawSubjectPublicKeyInfo)
	var text bytes.Buffer
	text.Write([]byte{0, 0})
	binary.Write(&text, binary.BigEndian, uint64(at.UnixMilli()))
	text.Write([]byte{0, 1})
	text.Write(issuerHash[:])
	text.Write([]byte{byte(len(tbs) >> 16), byte(len(tbs) >> 8), byte(len(tbs))})
	text.Write(tbs)
	text.Write([]byte{0, 0})
	signature := ctLog.sign(text.Bytes())
	var sct bytes.Buffer
	sct.WriteByte(0)
	sct.Write(ctLog.id[:])
	binary.Write(&sct, binary.BigEndian, uint64(at.UnixMilli()))
	sct.Write([]byte{0, 0, 4, 3})
	binary.Write(&sct, binary.BigEndian, uint16(len(signature)))
	sct.Write(signature)
	var list bytes.Buffer
	binary.Write(&list, binary.BigEndian, uint16(sct.Len()+2))
	binary.Write(&list, binary.BigEndian, uint16(sct.Len()))
	list.Write(sct.Bytes())
	return make(append(extensions, pkix.Extension{
		Id:    asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2},
		Value: must(asn1.Marshal(list.Bytes())),
	}))
}

// An entry of the transparency log, with its promise and its proof in a log of one entry.
func entry(log signer, body []byte, at time.Time) (promise []byte, root []byte, checkpoint string) {
	promised := must(json.Marshal(object{"body": b64(body), "integratedTime": at.Unix(), "logID": hex.EncodeToString(log.id[:]), "logIndex": 0}))
	hash := sha256.Sum256(append([]byte{0}, body...))
	note := fmt.Sprintf("rekor.keelson.test - 1\n1\n%s\n", b64(hash[:]))
	return log.sign(promised), hash[:], fmt.Sprintf("%s\n— rekor.keelson.test %s\n", note, b64(append(log.id[:4:4], log.sign([]byte(note))...)))
}

func logOf(log signer, url string) object {
	return object{
		"baseUrl":       url,
		"hashAlgorithm": "SHA2_256",
		"publicKey":     object{"rawBytes": b64(log.der), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": object{"start": start}},
		"logId":         object{"keyId": b64(log.id[:])},
	}
}

func main() {
	digest, reference, subject, issuer := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	flaw := strings.Join(os.Args[5:], "")
	rootKey, caKey, ctLog, rekor, key := newSigner(), newSigner(), newSigner(), newSigner(), newSigner()
	root := authority("root", nil, rootKey.key, rootKey.key)
	ca := authority("intermediate", root, rootKey.key, caKey.key)
	at := start.AddDate(0, 1, 0)
	entered := at.Add(time.Minute)
	if flaw == "expired" {
		entered = at.Add(time.Hour)
	}
	cert := leaf(key, ca, caKey, ctLog, subject, issuer, at)
	certPem := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})

	payload := must(json.Marshal(object{
		"critical": object{"identity": object{"docker-reference": reference}, "image": object{"docker-manifest-digest": digest}, "type": "cosign container image signature"},
		"optional": nil,
	}))
	signature := key.sign(payload)
	payloadHash := sha256.Sum256(payload)
	body := must(json.Marshal(object{"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": object{
		"data":      object{"hash": object{"algorithm": "sha256", "value": hex.EncodeToString(payloadHash[:])}},
		"signature": object{"content": b64(signature), "publicKey": object{"content": b64(certPem)}},
	}}))
	promise, _, _ := entry(rekor, body, entered)
	if flaw == "tampered" {
		promise = newSigner().sign(body)
	}
	legacy := must(json.Marshal(object{
		"SignedEntryTimestamp": b64(promise),
		"Payload":              object{"body": b64(body), "integratedTime": entered.Unix(), "logIndex": 0, "logID": hex.EncodeToString(rekor.id[:])},
	}))

	statement := must(json.Marshal(object{
		"_type":         "https://in-toto.io/Statement/v1",
		"subject":       []object{{"digest": object{"sha256": strings.TrimPrefix(digest, "sha256:")}}},
		"predicateType": "https://sigstore.dev/cosign/sign/v1",
		"predicate":     object{},
	}))
	kind := "application/vnd.in-toto+json"
	signed := key.sign([]byte("DSSEv1 " + strconv.Itoa(len(kind)) + " " + kind + " " + strconv.Itoa(len(statement)) + " " + string(statement)))
	envelope := object{"payload": b64(statement), "payloadType": kind, "signatures": []object{{"sig": b64(signed)}}}
	envelopeHash, statementHash := sha256.Sum256(must(json.Marshal(envelope))), sha256.Sum256(statement)
	dsse := must(json.Marshal(object{"apiVersion": "0.0.1", "kind": "dsse", "spec": object{
		"envelopeHash": object{"algorithm": "sha256", "value": hex.EncodeToString(envelopeHash[:])},
		"payloadHash":  object{"algorithm": "sha256", "value": hex.EncodeToString(statementHash[:])},
		"signatures":   []object{{"signature": b64(signed), "verifier": b64(certPem)}},
	}}))
	dssePromise, rootHash, checkpoint := entry(rekor, dsse, entered)
	if flaw == "tampered" {
		dssePromise = promise
		checkpoint = strings.Replace(checkpoint, "rekor.keelson.test - 1", "rekor.keelson.test - 2", 1)
	}
	bundle := object{
		"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
		"verificationMaterial": object{
			"certificate": object{"rawBytes": b64(cert.Raw)},
			"tlogEntries": []object{{
				"logIndex":          "0",
				"logId":             object{"keyId": b64(rekor.id[:])},
				"kindVersion":       object{"kind": "dsse", "version": "0.0.1"},
				"integratedTime":    strconv.FormatInt(entered.Unix(), 10),
				"inclusionPromise":  object{"signedEntryTimestamp": b64(dssePromise)},
				"inclusionProof":    object{"logIndex": "0", "rootHash": b64(rootHash), "treeSize": "1", "hashes": []string{}, "checkpoint": object{"envelope": checkpoint}},
				"canonicalizedBody": b64(dsse),
			}},
		},
		"dsseEnvelope": envelope,
	}
	result := object{
		"trustedRoot": object{
			"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
			"tlogs":     []object{logOf(rekor, "https://rekor.keelson.test")},
			"ctlogs":    []object{logOf(ctLog, "https://ct.keelson.test")},
			"certificateAuthorities": []object{{
				"subject":   object{"organization": "keelson.test", "commonName": "root"},
				"uri":       "https://fulcio.keelson.test",
				"certChain": object{"certificates": []object{{"rawBytes": b64(ca.Raw)}, {"rawBytes": b64(root.Raw)}}},
				"validFor":  object{"start": start},
			}},
			"timestampAuthorities": []object{},
		},
		"payload": b64(payload),
		"annotations": object{
			"dev.cosignproject.cosign/signature": b64(signature),
			"dev.sigstore.cosign/certificate":    string(certPem),
			"dev.sigstore.cosign/chain":          string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Raw})) + string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw})),
			"dev.sigstore.cosign/bundle":         string(legacy),
		},
		"bundle": bundle,
	}
	encoder := json.NewEncoder(os.Stdout)
	if err := encoder.Encode(result); err != nil {
		panic(err)
	}
}
