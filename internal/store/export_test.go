package store

// OpenAt opens a database at a version of its schema.
var OpenAt = openAt
