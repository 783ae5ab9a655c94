//! TEMP STUB
mod spec;
pub use spec::*;
use machine::*;
use objects::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecQuery { pub namespace: String, pub pod: String, pub container: String, pub command: Vec<String>, pub stdin: bool, pub tty: bool }
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogQuery { pub namespace: String, pub pod: String, pub container: String }
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind { Added, Modified, Deleted }
#[derive(Clone, Debug)]
pub struct Change { pub revision: u64, pub kind: ChangeKind, pub resource: &'static Resource, pub object: Object, pub old: Option<Object> }
#[derive(Debug)]
pub struct Expired { pub asked: u64, pub oldest: u64 }
#[derive(Clone)]
pub struct Cluster;
pub fn storage_of(resource: &'static Resource) -> &'static Resource { resource }
pub fn present(_: &Resource, object: &Object) -> Object { object.clone() }
impl Cluster {
    pub fn new(_: ClusterSpec, _: Executor) -> Cluster { Cluster }
    pub fn close(&self) {}
    pub fn request(&self, _: &Request) -> Result<Answer, Status> { todo!() }
    pub fn list_request(&self, _: &Request) -> Result<ListAnswer, Status> { todo!() }
    pub fn revision(&self) -> u64 { 0 }
    pub fn changes_after(&self, _: u64) -> Result<Vec<Change>, Expired> { todo!() }
    pub fn selector(_: &'static Resource, _: &Options) -> Result<Box<dyn Fn(&Value) -> bool>, Status> { todo!() }
    pub fn everything(&self) -> Vec<(&'static str, &'static str, Object)> { todo!() }
    pub fn logs(&self, _: &LogQuery) -> Result<machine::pipe::Reader, Status> { todo!() }
    pub fn exec(&self, _: &ExecQuery) -> Result<Stdio, Status> { todo!() }
    pub fn attach(&self, _: &ExecQuery) -> Result<Stdio, Status> { todo!() }
    pub fn port_forward(&self, _: &str, _: &str, _: u16) -> Result<LocalFuture<'static, Result<machine::pipe::Socket, String>>, Status> { todo!() }
}
