//! What does a thing look like? A shape for its department and colours of its own, drawn in a few strokes.

use super::Thing;

/// Shapes in a field of 64 by 64, one for each department; `F` stands for the main colour, `A` for the accent.
const SHAPES: [&str; super::N_DEPARTMENTS] = [
    "<path d='M20 14h24l4 38H16z' fill='F'/><path d='M20 14h24l-2 7H22z' fill='A'/><circle cx='32' cy='37' r='7' fill='A'/>",
    "<path d='M14 26h30v14a12 12 0 0 1-12 12h-6a12 12 0 0 1-12-12z' fill='F'/><path d='M44 29h4a6 6 0 0 1 0 12h-4' fill='none' stroke='F' stroke-width='3'/><path d='M24 12v9M34 10v11' stroke='A' stroke-width='3'/>",
    "<rect x='12' y='18' width='40' height='28' rx='4' fill='F'/><path d='M12 27h40M12 36h40M22 18v28M32 18v28M42 18v28' stroke='A' stroke-width='2'/>",
    "<rect x='20' y='20' width='24' height='34' rx='5' fill='F'/><rect x='22' y='11' width='20' height='8' rx='2' fill='A'/><rect x='20' y='31' width='24' height='12' fill='A'/>",
    "<path d='M26 22h12l6 10v22H20V32z' fill='F'/><path d='M26 12h16v4H32v6h-6z' fill='A'/><rect x='24' y='36' width='16' height='10' fill='A'/>",
    "<rect x='16' y='16' width='32' height='36' rx='4' fill='F'/><circle cx='32' cy='34' r='11' fill='A'/><circle cx='32' cy='34' r='5' fill='F'/>",
    "<rect x='18' y='26' width='28' height='26' rx='8' fill='F'/><path d='M32 26v-9h10' fill='none' stroke='A' stroke-width='4'/><circle cx='32' cy='39' r='6' fill='A'/>",
    "<path d='M14 20h36l-6 16a12 12 0 0 1-24 0z' fill='F'/><path d='M14 20h36v6H14z' fill='A'/>",
    "<ellipse cx='32' cy='40' rx='13' ry='11' fill='F'/><circle cx='17' cy='29' r='5' fill='A'/><circle cx='27' cy='20' r='5' fill='A'/><circle cx='38' cy='20' r='5' fill='A'/><circle cx='47' cy='29' r='5' fill='A'/>",
    "<rect x='20' y='26' width='24' height='28' rx='3' fill='F'/><path d='M32 10c6 7 4 12 0 12s-6-5 0-12z' fill='A'/><path d='M32 22v6' stroke='A' stroke-width='2'/>",
    "<circle cx='32' cy='34' r='20' fill='F'/><circle cx='32' cy='34' r='12' fill='A'/>",
    "<path d='M12 28h32v8a14 14 0 0 1-28 0z' fill='F'/><path d='M44 30h12' stroke='A' stroke-width='5'/><path d='M12 24h32v4H12z' fill='A'/>",
    "<rect x='12' y='30' width='40' height='20' rx='3' fill='F'/><rect x='15' y='20' width='15' height='12' rx='4' fill='A'/><rect x='34' y='20' width='15' height='12' rx='4' fill='A'/>",
    "<path d='M20 36h24l-4 18H24z' fill='F'/><path d='M32 36c-14-6-10-20-10-20 10 2 11 12 10 20zm0 0c14-6 10-20 10-20-10 2-11 12-10 20z' fill='A'/>",
    "<rect x='16' y='12' width='32' height='42' rx='4' fill='F'/><rect x='22' y='30' width='20' height='16' fill='A'/><circle cx='26' cy='20' r='3' fill='A'/><circle cx='36' cy='20' r='3' fill='A'/>",
    "<rect x='14' y='16' width='36' height='10' rx='3' fill='A'/><rect x='14' y='28' width='36' height='10' rx='3' fill='F'/><rect x='14' y='40' width='36' height='10' rx='3' fill='A'/>",
];

/// The picture of a thing, as SVG.
pub(super) fn draw(thing: &Thing) -> String {
    // The hue follows the taste, so that what is alike looks alike.
    let hue = (180.0 + 55.0 * thing.taste[0] + 20.0 * thing.taste[1]).rem_euclid(360.0);
    let light = 46.0 + 6.0 * thing.taste[2].clamp(-2.0, 2.0);
    let main = format!("hsl({hue:.0},38%,{light:.0}%)");
    let accent = format!("hsl({:.0},52%,{:.0}%)", (hue + 35.0).rem_euclid(360.0), light + 26.0);
    let ground = format!("hsl({hue:.0},30%,93%)");
    let shape = SHAPES[thing.department].replace("'F'", &format!("'{main}'")).replace("'A'", &format!("'{accent}'"));
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 64 64'><rect width='64' height='64' rx='8' fill='{ground}'/>{shape}</svg>"
    )
}
