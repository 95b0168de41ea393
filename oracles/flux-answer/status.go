package main

import (
	"time"

	"github.com/fluxcd/pkg/apis/meta"
	"github.com/fluxcd/pkg/runtime/conditions"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// status is an object's conditions and history, and what a controller does to them, in its order.
type status struct {
	Generation int64              `json:"generation"`
	Conditions []metav1.Condition `json:"conditions"`
	History    meta.History       `json:"history"`
	Steps      []step             `json:"steps"`
}

type step struct {
	// true, false, unknown, reconciling, stalled, delete, retry, upsert
	Do      string `json:"do"`
	Type    string `json:"type"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
	// Of upsert alone.
	Digest   string            `json:"digest"`
	AtMs     int64             `json:"atMs"`
	TookMs   int64             `json:"tookMs"`
	Metadata map[string]string `json:"metadata"`
}

// subject is the least that the conditions library takes.
type subject struct {
	metav1.TypeMeta
	metav1.ObjectMeta
	conditions []metav1.Condition
}

func (s *subject) GetConditions() []metav1.Condition  { return s.conditions }
func (s *subject) SetConditions(c []metav1.Condition) { s.conditions = c }
func (s *subject) DeepCopyObject() runtime.Object     { copied := *s; return &copied }

func (s *status) after() any {
	object := &subject{conditions: s.Conditions}
	object.Generation = s.Generation
	for _, each := range s.Steps {
		s.take(object, each)
	}
	return map[string]any{"conditions": object.conditions, "history": s.History}
}

func (s *status) take(object *subject, each step) {
	switch each.Do {
	case "true":
		conditions.MarkTrue(object, each.Type, each.Reason, "%s", each.Message)
	case "false":
		conditions.MarkFalse(object, each.Type, each.Reason, "%s", each.Message)
	case "unknown":
		conditions.MarkUnknown(object, each.Type, each.Reason, "%s", each.Message)
	case "reconciling":
		conditions.MarkReconciling(object, each.Reason, "%s", each.Message)
	case "stalled":
		conditions.MarkStalled(object, each.Reason, "%s", each.Message)
	case "delete":
		conditions.Delete(object, each.Type)
	case "retry":
		if conditions.Has(object, meta.ReconcilingCondition) {
			doing := conditions.Get(object, meta.ReconcilingCondition)
			doing.Reason = meta.ProgressingWithRetryReason
			conditions.Set(object, doing)
		}
	case "upsert":
		took := time.Duration(each.TookMs) * time.Millisecond
		s.History.Upsert(each.Digest, time.UnixMilli(each.AtMs).UTC(), took, each.Reason, each.Metadata)
	default:
		panic("no such step: " + each.Do)
	}
}
