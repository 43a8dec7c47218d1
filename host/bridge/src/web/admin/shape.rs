//! The shapes of bodies and parameters, as the API's description shows them.

use utoipa::{
    ToSchema,
    openapi::{
        Ref, RefOr, Schema,
        schema::{ArrayBuilder, ObjectBuilder, Type},
    },
};

/// The shape of a body, with the shapes that it refers to.
#[derive(Clone)]
pub(super) struct Shape {
    pub(super) schema: RefOr<Schema>,
    pub(super) named: Vec<(String, RefOr<Schema>)>,
}

impl Shape {
    /// The shape of a type.
    pub(super) fn of<T: ToSchema>() -> Self {
        let mut named = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut named);
        Self {
            schema: Ref::from_schema_name(T::name()).into(),
            named,
        }
    }

    /// The shape of a list of them.
    pub(super) fn list_of<T: ToSchema>() -> Self {
        let Self { schema, named } = Self::of::<T>();
        Self {
            schema: ArrayBuilder::new().items(schema).into(),
            named,
        }
    }

    /// An object whose members something else says.
    pub(super) fn object() -> Self {
        Self {
            schema: ObjectBuilder::new().schema_type(Type::Object).into(),
            named: Vec::new(),
        }
    }

    /// A text.
    pub(super) fn text() -> Self {
        Self::simple(Type::String)
    }

    /// A number, from 0 on.
    pub(super) fn number() -> Self {
        let number = ObjectBuilder::new().schema_type(Type::Integer);
        Self {
            schema: number.minimum(Some(0)).into(),
            named: Vec::new(),
        }
    }

    /// How many of a page's things.
    pub(super) fn limit(most: u32) -> Self {
        let number = ObjectBuilder::new().schema_type(Type::Integer);
        Self {
            schema: number.minimum(Some(1)).maximum(Some(most)).into(),
            named: Vec::new(),
        }
    }

    /// A number from 0 to this.
    pub(super) fn at_most(most: u32) -> Self {
        let number = ObjectBuilder::new().schema_type(Type::Integer);
        Self {
            schema: number.minimum(Some(0)).maximum(Some(most)).into(),
            named: Vec::new(),
        }
    }

    /// `true` or `false`.
    pub(super) fn flag() -> Self {
        Self::simple(Type::Boolean)
    }

    fn simple(kind: Type) -> Self {
        Self {
            schema: ObjectBuilder::new().schema_type(kind).into(),
            named: Vec::new(),
        }
    }
}
