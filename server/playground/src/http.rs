//! The web server: pages, assets, sockets, previews, and what guards them.

pub mod app;
pub mod assets;
mod chrome;
pub mod cookie;
pub mod embed;
pub mod embedders;
pub mod guard;
pub mod listener;
pub mod own_kubectl;
pub mod pages;
pub mod parcels;
pub mod playground;
pub mod preview;
pub mod router;
pub mod site;
mod teaser;
pub mod tickets;

/// The language that a browser wishes, of those there are.
fn language_of(headers: &axum::http::HeaderMap) -> Option<course::Lang> {
    let wish = headers.get(axum::http::header::ACCEPT_LANGUAGE)?;
    crate::language::accepted(wish.to_str().ok()?)
}
