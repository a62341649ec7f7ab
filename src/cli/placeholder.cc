namespace klieg {}
