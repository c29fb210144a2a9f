// Says how many pages were faulted in while 4 MB of buffers were made and freed, thirty times, with the addon loaded.
process.dlopen({ exports: {} }, process.argv[2]);
const use = () => {
  Array.from({ length: 256 }, () => Buffer.allocUnsafeSlow(16 * 1024).fill(1));
  globalThis.gc();
};
for (let i = 0; i < 20; i++) use();
const before = process.resourceUsage().minorPageFault;
for (let i = 0; i < 30; i++) use();
console.log(process.resourceUsage().minorPageFault - before);
