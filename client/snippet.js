/* /KEY/snippet.html: puts this server's own address into what is to be pasted, and copies
 * it. The box above it is widget.js's. */
(function () {
    'use strict';

    const WORDS = { vi: ['Chép', 'Đã chép'], km: ['ចម្លង', 'បានចម្លង'], en: ['Copy', 'Copied'] };
    const lang = document.documentElement.lang;
    const [copy_word, copied_word] = WORDS[lang];

    async function copy(code, button) {
        getSelection().selectAllChildren(code);
        if (navigator.clipboard)
            await navigator.clipboard.writeText(code.textContent);
        else
            document.execCommand('copy'); // a page without https has nothing else
        button.textContent = copied_word;
        setTimeout(() => { button.textContent = copy_word; }, 2000);
    }

    function add_copy_button(code) {
        const button = document.createElement('button');
        button.type = 'button';
        button.textContent = copy_word;
        button.addEventListener('click', () => copy(code, button));
        code.parentNode.before(button);
    }

    const base = location.origin + location.pathname.split('/').slice(0, -2).join('/') + '/';
    document.querySelector('nav a[lang=' + lang + ']').setAttribute('aria-current', 'true');
    for (const code of document.querySelectorAll('pre code')) {
        code.textContent = code.textContent.replaceAll('https://HOST/', base).replaceAll('https://HOST', location.origin);
        add_copy_button(code);
    }
})();
