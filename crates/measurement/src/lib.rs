//! Did it work, is it fair, has the world moved?
