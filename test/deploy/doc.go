// Package deploy holds what is in folder deploy, and the provisioning of Grafana, against the programs that it is for: files, ports, flags and
// names of variables go in, and out comes whether all of them exist. Containers are not run here.
package deploy
