#![no_std]
#![no_main]

#[link(name = "c")]
unsafe extern "C" {
    fn write(to: i32, bytes: *const u8, count: usize) -> isize;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}

#[unsafe(no_mangle)]
pub extern "C" fn main(arguments: i32, _: *const *const u8) -> i32 {
    let mut buffer = itoa::Buffer::new();
    for text in [buffer.format(arguments), " argument, no std\n"] {
        unsafe { write(1, text.as_ptr(), text.len()) };
    }
    0
}
