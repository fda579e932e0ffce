// Package controller runs `webhook audit`: it follows the live map and what surrounds it, and writes what it finds as a report,
// as Events, as metrics and into the history. Of several replicas one acts; the others follow nothing until they must.
package controller
