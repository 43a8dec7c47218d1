//! What an expression needs, and what is wrong with it before anybody signs in.

use crate::functions::{self, FUNCTIONS, QUALIFIED, TYPES};
use cel::{
    common::ast::{
        CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, MapExpr, SelectExpr, operators,
    },
    parser::{Expression, PrattParser},
};

/// How deep an expression may go: each level takes some of a small stack, where it is parsed and where it
/// is evaluated. A sum of so many parts is as deep.
const DEPTH_MAX: usize = 48;
/// How many faults of the syntax are told; the first is what counts.
const FAULTS_MAX: u32 = 3;

const ENTRY: &str = "entry";
const IDENTITY: &str = "identity";
const NOW: &str = "now";
const IDENTITY_FIELDS: &[&str] = &["claims", "groups", "roles", "username"];

/// What an expression needs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Review {
    /// Attributes of `entry`, as they are written, each once.
    pub(crate) attributes: Vec<String>,
    /// What is wrong, each "what is wrong; what to do".
    pub(crate) faults: Vec<String>,
}

/// Parses an expression.
///
/// # Errors
///
/// What is no expression, and where.
pub(crate) fn parse(source: &str) -> Result<Expression, Vec<String>> {
    if nesting(source) > DEPTH_MAX {
        return Err(vec![too_deep()]);
    }
    let parser = PrattParser::new()
        .error_reporting_limit(FAULTS_MAX)
        .enable_optional_syntax(true);
    parser.parse(source).map_err(|errors| {
        let fault = |error: &cel::ParseError| {
            let (line, column) = error.pos;
            let message = error.msg.trim_start_matches("Syntax error: ");
            format!(
                "the expression is not CEL at line {line}, column {column}: {message}; correct it"
            )
        };
        errors.errors.iter().map(fault).collect()
    })
}

/// How deep brackets and operators before a value lie in each other, at the least: those in strings count
/// too.
fn nesting(source: &str) -> usize {
    let (mut depth, mut signs, mut choices, mut deepest) = (0_usize, 0, 0, 0);
    for octet in source.bytes() {
        match octet {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            // What stands behind a choice is parsed within it.
            b'?' => choices += 1,
            _ => {}
        }
        match octet {
            b'!' | b'-' => signs += 1,
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => signs = 0,
        }
        deepest = deepest.max(depth + signs + choices);
    }
    deepest
}

fn too_deep() -> String {
    format!(
        "the expression goes deeper than {DEPTH_MAX} levels; write less in each other, or a long sum as \
         [a, b].join('')"
    )
}

/// Looks an expression through.
pub(crate) fn of(expression: &Expression) -> Review {
    let mut walk = Walk::default();
    walk.expression(expression, Place::Result);
    walk.review
}

/// Where an expression stands, as far as maps care: they have no order, so nothing may depend on one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It is the result or a part of it.
    Result,
    /// Something is looked up in it, and what is found may be a map too.
    Table,
    /// Something is looked up in it, and what is found may not.
    PlainTable,
    /// Anywhere else.
    Inner,
}

#[derive(Default)]
struct Walk<'e> {
    review: Review,
    /// The variables of the comprehensions around.
    bound: Vec<&'e str>,
    depth: usize,
}

impl<'e> Walk<'e> {
    fn fault(&mut self, fault: String) {
        if !self.review.faults.contains(&fault) {
            self.review.faults.push(fault);
        }
    }

    fn expression(&mut self, expression: &'e Expression, place: Place) {
        if self.depth == DEPTH_MAX {
            self.fault(too_deep());
            return;
        }
        self.depth += 1;
        self.node(expression, place);
        self.depth -= 1;
    }

    fn node(&mut self, expression: &'e Expression, place: Place) {
        match &expression.expr {
            Expr::Ident(name) => self.variable(name),
            Expr::Select(select) => self.select(select),
            Expr::Call(call) => self.call(call, place),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension, place),
            Expr::List(list) => {
                for element in &list.elements {
                    self.expression(element, only_result(place));
                }
            }
            Expr::Map(map) => self.map(map, place),
            Expr::Literal(_) | Expr::Unspecified => {}
            Expr::Struct(message) => self.fault(format!(
                "there is no message type {:?}; write a map, such as {{'a': 1}}",
                message.type_name
            )),
        }
    }

    /// Whether this is one of the variables that every expression has, and not one of a comprehension.
    fn is_given(&self, expression: &Expression, given: &str) -> bool {
        matches!(&expression.expr, Expr::Ident(name) if name == given || is_absolute(name, given))
            && !self.bound.contains(&given)
    }

    fn variable(&mut self, name: &str) {
        if self.bound.contains(&name) || name == NOW || TYPES.contains(&name) {
            return;
        }
        match name {
            ENTRY => self.fault(
                "entry is used as a whole; name an attribute of it, such as entry.mail".to_owned(),
            ),
            IDENTITY => self.fault(format!(
                "identity is used as a whole; name one of identity.{}",
                IDENTITY_FIELDS.join(", identity.")
            )),
            _ => self.fault(format!(
                "there is no variable {name:?}; the variables are entry, identity and now"
            )),
        }
    }

    fn select(&mut self, select: &'e SelectExpr) {
        self.part_of(&select.operand, &select.field);
    }

    /// A part of something by its name.
    fn part_of(&mut self, operand: &'e Expression, name: &str) {
        if self.is_given(operand, ENTRY) {
            if !self
                .review
                .attributes
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name))
            {
                self.review.attributes.push(name.to_owned());
            }
        } else if self.is_given(operand, IDENTITY) {
            if !IDENTITY_FIELDS.contains(&name) {
                self.fault(format!(
                    "there is no identity.{name}; the parts of identity are {}",
                    IDENTITY_FIELDS.join(", ")
                ));
            }
        } else {
            self.expression(operand, Place::PlainTable);
        }
    }

    fn call(&mut self, call: &'e CallExpr, place: Place) {
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::INDEX | operators::OPT_INDEX | operators::OPT_SELECT, [operand, index]) => {
                self.index(operand, index, place);
            }
            (operators::IN, [name, operand]) => self.index(operand, name, Place::Inner),
            (operators::CONDITIONAL, [condition, then, otherwise]) => {
                self.expression(condition, Place::Inner);
                self.expression(then, place);
                self.expression(otherwise, place);
            }
            (operators::ADD, [left, right]) => {
                self.expression(left, only_result(place));
                self.expression(right, only_result(place));
            }
            (name, arguments) => {
                self.function(call, name);
                if let ("matches", Some(Expr::Literal(LiteralValue::String(pattern)))) =
                    (name, arguments.last().map(|last| &last.expr))
                    && let Err(error) = functions::pattern_of(pattern.inner())
                {
                    self.fault(format!(
                        "{:?} is no regular expression: {error}; correct it",
                        pattern.inner()
                    ));
                }
                for argument in arguments {
                    self.expression(argument, Place::Inner);
                }
            }
        }
    }

    /// What is looked up in something.
    fn index(&mut self, operand: &'e Expression, index: &'e Expression, place: Place) {
        let is_of_ours = self.is_given(operand, ENTRY) || self.is_given(operand, IDENTITY);
        match &index.expr {
            Expr::Literal(LiteralValue::String(name)) if is_of_ours => {
                self.part_of(operand, name.inner());
            }
            _ if is_of_ours => self.fault(
                "what is looked up in entry or identity has to be written out, such as entry[\"mail\"], \
                 since it is read before; write the name"
                    .to_owned(),
            ),
            _ => {
                let place = match place {
                    Place::Result | Place::Table => Place::Table,
                    Place::PlainTable | Place::Inner => Place::PlainTable,
                };
                self.expression(operand, place);
                self.expression(index, Place::Inner);
            }
        }
    }

    /// The name of a function, and what it is called on.
    fn function(&mut self, call: &'e CallExpr, name: &str) {
        // Operators begin so, and they are all known.
        let is_operator = name.starts_with(['_', '!', '-', '@']);
        let namespace = call
            .target
            .as_deref()
            .and_then(|target| match &target.expr {
                Expr::Ident(name) if !self.bound.contains(&name.as_str()) => {
                    QUALIFIED.iter().find(|(known, _)| known == name)
                }
                _ => None,
            });
        if let Some((namespace, names)) = namespace {
            if !names.contains(&name) {
                self.fault(format!(
                    "there is no function {namespace}.{name}; {namespace} has {}",
                    names.join(", ")
                ));
            }
            return;
        }
        if !is_operator && !FUNCTIONS.contains(&name) {
            self.fault(format!(
                "there is no function {name:?}; correct its name, or use one of {}",
                FUNCTIONS.join(", ")
            ));
        }
        if let Some(target) = &call.target {
            self.expression(target, Place::Inner);
        }
    }

    fn comprehension(&mut self, comprehension: &'e ComprehensionExpr, place: Place) {
        let ComprehensionExpr {
            iter_range,
            iter_var,
            iter_var2,
            accu_var,
            accu_init,
            loop_cond,
            loop_step,
            result,
        } = comprehension;
        self.expression(iter_range, Place::Inner);
        self.expression(accu_init, Place::Inner);
        let before = self.bound.len();
        for name in [Some(iter_var), iter_var2.as_ref(), Some(accu_var)]
            .into_iter()
            .flatten()
        {
            if [ENTRY, IDENTITY, NOW].contains(&name.as_str()) {
                self.fault(format!(
                    "{name} is the name of a variable that every expression has; take another in its place"
                ));
            }
            self.bound.push(name);
        }
        self.expression(loop_cond, Place::Inner);
        self.expression(loop_step, only_result(place));
        self.expression(result, Place::Inner);
        self.bound.truncate(before);
    }

    fn map(&mut self, map: &'e MapExpr, place: Place) {
        if place == Place::Inner {
            self.fault(
                "a map stands where something could depend on its order, which it has not; let it be the \
                 result, or look something up in it"
                    .to_owned(),
            );
        }
        let inside = match place {
            Place::Result | Place::Table => place,
            Place::PlainTable | Place::Inner => Place::Inner,
        };
        for entry in &map.entries {
            if let EntryExpr::MapEntry(entry) = &entry.expr {
                self.expression(&entry.key, Place::Inner);
                self.expression(&entry.value, inside);
            }
        }
    }
}

/// What stands inside a result is a part of it.
fn only_result(place: Place) -> Place {
    match place {
        Place::Result => Place::Result,
        _ => Place::Inner,
    }
}

/// `.name` names the variable past those of comprehensions.
fn is_absolute(name: &str, given: &str) -> bool {
    name.strip_prefix('.') == Some(given)
}
