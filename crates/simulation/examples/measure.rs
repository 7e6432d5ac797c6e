fn main() {
    use simulation::*;
    let n: u32 = std::env::args().nth(1).unwrap().parse().unwrap();
    let dir = std::env::args().nth(2).unwrap();
    let t = std::time::Instant::now();
    let mut c = Company::new(Settings::new(primitives::Seed::new(7), n, 180).unwrap());
    println!("founded {:?}", t.elapsed());
    println!("{:?} {:?}", write_history(&mut c, std::path::Path::new(&dir), &mut |_| true), t.elapsed());
}
