// SPDX-License-Identifier: MIT
//! The C interface as data (`c-tests/abi/*.tsv`), and C text made of it.

#![allow(dead_code)]

use super::common;

/// A row of `functions.tsv`.
#[derive(Debug)]
pub struct Function {
    pub name: String,
    pub kind: String,
    pub returns: String,
    /// With the parentheses.
    pub parameters: String,
    /// The macro that must be defined for the function to be declared, or `-`.
    pub guard: String,
}

impl Function {
    pub fn is_exported(&self) -> bool {
        self.kind != "local-inline"
    }

    pub fn is_inline(&self) -> bool {
        self.kind != "extern"
    }

    /// Type and name of each parameter.
    pub fn params(&self) -> Vec<(&str, &str)> {
        let list = self.parameters.trim_start_matches('(').trim_end_matches(')');
        if list == "void" {
            return Vec::new();
        }
        list.split(',')
            .map(|param| {
                let param = param.trim();
                let end = param.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).expect("a type and a name");
                (param[..=end].trim(), &param[end + 1..])
            })
            .collect()
    }

    /// `code`, for programs that define the guard only.
    pub fn guarded(&self, code: &str) -> String {
        match self.guard.as_str() {
            "-" => format!("{code}\n"),
            guard => format!("#ifdef {guard}\n{code}\n#endif\n"),
        }
    }
}

pub fn functions() -> Vec<Function> {
    let rows = common::table("c-tests/abi/functions.tsv");
    let functions: Vec<_> = rows
        .into_iter()
        .map(|row| Function {
            name: row[0].clone(),
            kind: row[1].clone(),
            returns: row[2].clone(),
            parameters: row[3].clone(),
            guard: row[6].clone(),
        })
        .collect();
    assert!(functions.len() > 230, "functions.tsv is cut short");
    functions
}

/// A function per helper that does nothing but call it: a file in which every body of the header is expanded.
pub fn calls_of_every_helper() -> String {
    let mut text = String::new();
    for function in functions().iter().filter(|f| f.is_inline()) {
        let names: Vec<_> = function.params().iter().map(|(_, name)| *name).collect();
        let give = if function.returns == "void" { "" } else { "return " };
        let (returns, name, parameters) = (&function.returns, &function.name, &function.parameters);
        text += &function.guarded(&format!(
            "{returns} use_{name}{parameters};\n{returns} use_{name}{parameters}\n{{\n\t{give}{name}({});\n}}",
            names.join(", ")
        ));
    }
    // The macros that a program uses as statements.
    text + "unsigned use_for_each_cqe(struct io_uring *ring);\n\
            unsigned use_for_each_cqe(struct io_uring *ring)\n{\n\
            \tstruct io_uring_cqe *cqe;\n\tunsigned head, nr = 0;\n\n\
            \tio_uring_for_each_cqe(ring, head, cqe)\n\t\tnr += io_uring_cqe_nr(cqe);\n\
            \tio_uring_smp_mb();\n\tIO_URING_WRITE_ONCE(*ring->cq.khead, IO_URING_READ_ONCE(*ring->cq.ktail));\n\
            \treturn nr;\n}\n"
}
