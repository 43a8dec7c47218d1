//! One module for each guest: how it misbehaves, how that ends, and that the next call is answered.
//! The list is made of the folders in `tests/guests`, so a guest without a module does not compile.

macro_rules! modules {
    ($($guest:ident)*) => { $(mod $guest;)* };
}

suites::for_each_guest!(modules);
