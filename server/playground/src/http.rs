//! The web server: pages, assets, sockets, previews, and what guards them.

pub mod app;
pub mod assets;
pub mod cookie;
pub mod guard;
pub mod listener;
pub mod pages;
pub mod preview;
pub mod router;
pub mod site;
