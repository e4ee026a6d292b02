//! The owner of the database is no superuser, and does not become one by what lies in it.
