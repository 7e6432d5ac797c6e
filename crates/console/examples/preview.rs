//! What do the console's pages look like? Writes sample pages to a folder: `cargo run -p console --example preview -- DIR`,
//! then serve the folder with any file server and open it. With `--picture FILE` it writes the README's picture.

use console::{asset, view::sample};
use std::{error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let first = words.next().ok_or("name the folder to write the pages to")?;
    if first == "--picture" {
        fs::write(words.next().ok_or("name the file to write the picture to")?, sample::picture())?;
        return Ok(());
    }
    let folder = PathBuf::from(first);
    for (path, html) in sample::pages() {
        let page = folder.join(path.trim_start_matches('/'));
        fs::create_dir_all(&page)?;
        fs::write(page.join("index.html"), html)?;
    }
    fs::create_dir_all(folder.join("assets"))?;
    for name in ["console.css", "console.js", "logo.svg"] {
        let (_, bytes, _) = asset(name).ok_or("an asset is missing")?;
        fs::write(folder.join("assets").join(name), bytes)?;
    }
    Ok(())
}
