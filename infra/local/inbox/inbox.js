// The frame grows to its mail. No script runs inside it.
for (const frame of document.querySelectorAll('iframe')) {
  const grow = () => {
    frame.style.blockSize = '0'
    frame.style.blockSize = frame.contentDocument.documentElement.scrollHeight + 'px'
  }
  frame.addEventListener('load', grow)
  addEventListener('resize', grow)
  if (frame.contentDocument.readyState === 'complete') grow()
}
