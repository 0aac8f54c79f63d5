"""Languages: `protocol` says what each has to be able to do, `table` names them."""
