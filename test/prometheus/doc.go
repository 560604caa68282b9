// Package prometheus holds the rules of deploy/prometheus against the metrics that the services register: rules and services come in,
// and whether every metric and label that a rule names exists comes out.
package prometheus
