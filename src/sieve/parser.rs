//! From tokens to the generic tree (RFC 5228 section 8.2), with bounds on depth and number.

use super::lexer::{Lexer, Token, advance};
use super::limits::{MAX_COMMANDS, MAX_NESTING, MAX_SCRIPT};
use super::syntax::{Argument, CompileError, Node, Position, Value, sentence};

/// Reads a whole script.
pub(crate) fn parse(script: &[u8]) -> Result<Vec<Node>, CompileError> {
    if script.len() > MAX_SCRIPT {
        return Err(Position::START.error("the script is longer than 1 MiB"));
    }
    let at = |length: usize| advance(Position::START, script.get(..length).unwrap_or(script));
    let text = std::str::from_utf8(script)
        .map_err(|error| at(error.valid_up_to()).error("the script is not UTF-8"))?;
    if let Some(nul) = script.iter().position(|&octet| octet == 0) {
        return Err(at(nul).error("a script has no NUL"));
    }
    let mut parser =
        Parser { lexer: Lexer::new(text), token: Token::End, position: Position::START, depth: 0, count: 0 };
    parser.step()?;
    parser.commands(true)
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    /// The token that is looked at.
    token: Token,
    position: Position,
    depth: usize,
    count: usize,
}

impl Parser<'_> {
    /// Goes on to the next token and gives back the one that was looked at.
    fn step(&mut self) -> Result<Token, CompileError> {
        let (position, token) = self.lexer.next()?;
        self.position = position;
        Ok(std::mem::replace(&mut self.token, token))
    }

    fn is(&self, symbol: u8) -> bool {
        matches!(self.token, Token::Symbol(found) if found == symbol)
    }

    /// Passes over a sign, if it is the one that is looked at.
    fn accept(&mut self, symbol: u8) -> Result<bool, CompileError> {
        let found = self.is(symbol);
        if found {
            self.step()?;
        }
        Ok(found)
    }

    fn expected<T>(&self, what: &str) -> Result<T, CompileError> {
        let found = match &self.token {
            Token::Identifier(name) => name.as_str(),
            Token::Tag(_) => "a tag",
            Token::Number(_) => "a number",
            Token::Text(_) => "a string",
            Token::Symbol(_) => "another sign",
            Token::End => "the end of the script",
        };
        Err(self.position.error(sentence(&[what, " is expected here, not ", found])))
    }

    fn deeper(&mut self) -> Result<(), CompileError> {
        self.depth += 1;
        if self.depth > MAX_NESTING {
            return Err(self.position.error("blocks and tests are nested too deep"));
        }
        Ok(())
    }

    /// Commands up to the end of the script, or of the block whose brace is consumed.
    fn commands(&mut self, top: bool) -> Result<Vec<Node>, CompileError> {
        let mut commands = Vec::new();
        loop {
            if top && matches!(self.token, Token::End) {
                return Ok(commands);
            }
            if !top && self.accept(b'}')? {
                return Ok(commands);
            }
            let mut command = self.node("a command")?;
            if self.accept(b'{')? {
                self.deeper()?;
                command.block = Some(self.commands(false)?);
                self.depth -= 1;
            } else if !self.accept(b';')? {
                return self.expected("a semicolon or a block");
            }
            commands.push(command);
        }
    }

    /// A name with its arguments and tests.
    fn node(&mut self, what: &str) -> Result<Node, CompileError> {
        let position = self.position;
        if !matches!(self.token, Token::Identifier(_)) {
            return self.expected(what);
        }
        let Token::Identifier(name) = self.step()? else { return self.expected(what) };
        self.count += 1;
        if self.count > MAX_COMMANDS {
            return Err(position.error("the script has too many commands and tests"));
        }
        let mut node =
            Node { name, position, arguments: Vec::new(), tests: Vec::new(), test_list: false, block: None };
        while let Some(argument) = self.argument()? {
            node.arguments.push(argument);
        }
        if matches!(self.token, Token::Identifier(_)) {
            self.deeper()?;
            node.tests.push(self.node("a test")?);
            self.depth -= 1;
        } else if self.accept(b'(')? {
            node.test_list = true;
            self.deeper()?;
            loop {
                node.tests.push(self.node("a test")?);
                if !self.accept(b',')? {
                    break;
                }
            }
            if !self.accept(b')')? {
                return self.expected("a comma or a closing parenthesis");
            }
            self.depth -= 1;
        }
        Ok(node)
    }

    fn argument(&mut self) -> Result<Option<Argument>, CompileError> {
        let position = self.position;
        if self.is(b'[') {
            let value = Value::List(self.list()?);
            return Ok(Some(Argument { position, value }));
        }
        if !matches!(self.token, Token::Tag(_) | Token::Number(_) | Token::Text(_)) {
            return Ok(None);
        }
        let value = match self.step()? {
            Token::Tag(name) => Value::Tag(name),
            Token::Number(number) => Value::Number(number),
            Token::Text(text) => Value::Text(text),
            _ => return Ok(None),
        };
        Ok(Some(Argument { position, value }))
    }

    fn list(&mut self) -> Result<Vec<(Position, Vec<u8>)>, CompileError> {
        self.step()?;
        let mut strings = Vec::new();
        loop {
            let position = self.position;
            if !matches!(self.token, Token::Text(_)) {
                return self.expected("a string");
            }
            if let Token::Text(text) = self.step()? {
                strings.push((position, text));
            }
            if self.accept(b']')? {
                return Ok(strings);
            }
            if !self.accept(b',')? {
                return self.expected("a comma or a closing bracket");
            }
        }
    }
}
