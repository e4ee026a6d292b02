//! The operator's commands, as the workers see them: one look tells whether anything was said since.

use crate::server::failure::Failure;
use crate::server::statement::Statement;

/// The state of command at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Control {
    /// The last command; whoever knows another one must read everything anew.
    pub id: i64,
    pub is_paused: bool,
}

pub struct Commands(Statement);

impl Commands {
    pub fn new() -> Commands {
        Commands(Statement::new(
            "SELECT control_id, is_paused FROM starsink.control_log ORDER BY control_id DESC LIMIT 1",
            &[],
        ))
    }

    pub fn current(&self) -> Result<Control, Failure> {
        let mut control = Control::default();
        self.0.each(&[], |row| {
            control = Control {
                id: row.get(1)?,
                is_paused: row.get(2)?,
            };
            Ok(())
        })?;
        Ok(control)
    }
}
