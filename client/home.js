/* The page at `/`: says it in ?lang=vi|km|en, puts this server's own address into the
 * examples, and copies them. The numbers are luot.js's work. */
(function () {
    'use strict';

    const WORDS = {
        vi: { copy: 'Chép', copied: 'Đã chép' }, // its other words are in home.html
        km: {
            title: 'រាប់ចំនួនចូលមើល ត្រឹមត្រូវរាល់លើក',
            lead: 'កម្មវិធីមួយ ស្លាកមួយ សម្រាប់គ្រប់គេហទំព័រ។ គ្មានខូគី និងមិនរក្សាទុកអាសយដ្ឋានរបស់នរណាឡើយ។',
            live: 'លេខពិត ការមើលនេះត្រូវបានរាប់ហើយ។',
            tag: 'ស្លាកសម្រាប់ដាក់ក្នុងទំព័រ',
            tag_how: 'ចម្លងទៅកន្លែងដែលប្រអប់ត្រូវបង្ហាញ។ ស្លាកតែមួយសម្រាប់គ្រប់ទំព័រ។',
            frame: 'ប្រអប់ iframe',
            frame_how: 'បង្ហាញលេខប៉ុណ្ណោះ មិនរាប់ទេ។ បន្ថែម ?lang=km ឬ ?lang=en ដើម្បីប្ដូរភាសា។',
            pixel: 'រូបភាពសម្រាប់រាប់ ពេលគ្មានស្គ្រីប',
            pixel_how: 'រូបភាព 43 បៃ។ ទំព័រដែលត្រូវរាប់ គឺទំព័រដែលមានរូបភាពនេះ។',
            udp: 'ពីម៉ាស៊ីនមេ តាម UDP',
            udp_how: 'ផ្ញើហើយបន្តទៅមុខ មិនរង់ចាំចម្លើយ។ ដំណើរការលើម៉ាស៊ីននេះ ដោយ bash។',
            json: 'ទិន្នន័យ JSON',
            json_widget: 'លេខក្នុងប្រអប់',
            json_snapshot: 'លេខទាំងអស់នៅពេលនេះ',
            json_all: 'ចម្លើយផ្សេងទៀត',
            privacy: 'ឯកជនភាព',
            copy: 'ចម្លង', copied: 'បានចម្លង'
        },
        en: {
            title: 'Counts visits, every one exactly',
            lead: 'One program and one tag for all portals. No cookie, and nobody’s address is kept.',
            live: 'real numbers, this view has been counted.',
            tag: 'The tag for your pages',
            tag_how: 'Paste it where the box is to appear. It is the same for every page.',
            frame: 'The box as an iframe',
            frame_how: 'It shows the numbers and counts nothing. Add ?lang=km or ?lang=en for another language.',
            pixel: 'A pixel, where scripts are not allowed',
            pixel_how: 'An image of 43 bytes. What is counted is the page that holds it.',
            udp: 'From a server, over UDP',
            udp_how: 'Send and go on: nothing is answered. On this machine, in bash.',
            json: 'The numbers as JSON',
            json_widget: 'the numbers in the box',
            json_snapshot: 'all numbers now',
            json_all: 'the other answers',
            privacy: 'Privacy',
            copy: 'Copy', copied: 'Copied'
        }
    };

    const asked = new URLSearchParams(location.search).get('lang');
    const lang = [asked, document.documentElement.lang, 'vi'].find((l) => l in WORDS);
    const words = WORDS[lang];

    function say() {
        for (const node of document.querySelectorAll('[data-say]'))
            node.textContent = words[node.dataset.say] || node.textContent;
        document.querySelector('nav a[lang=' + lang + ']').setAttribute('aria-current', 'true');
    }

    // A server of several sites has none to show here; its examples then say KEY.
    function name_site(site) {
        for (const node of site ? [] : document.querySelectorAll('[data-of-site]'))
            node.remove();
        for (const code of document.querySelectorAll('pre code'))
            code.textContent = code.textContent.replaceAll('KEY', site || 'KEY');
    }

    function name_server(code) {
        const base = location.origin + location.pathname.replace(/[^/]*$/, '');
        code.textContent = code.textContent.replaceAll('https://HOST/', base)
            .replace('/8080', '/' + (location.port || '8080'));
    }

    async function copy(code, button) {
        getSelection().selectAllChildren(code);
        if (navigator.clipboard)
            await navigator.clipboard.writeText(code.textContent);
        else
            document.execCommand('copy'); // a page without https has nothing else
        button.textContent = words.copied;
        setTimeout(() => { button.textContent = words.copy; }, 2000);
    }

    function add_copy_button(code) {
        const button = document.createElement('button');
        button.type = 'button';
        button.textContent = words.copy;
        button.addEventListener('click', () => copy(code, button));
        code.parentNode.before(button);
    }

    document.documentElement.lang = lang;
    document.addEventListener('DOMContentLoaded', () => {
        say();
        name_site(document.body.dataset.site);
        for (const code of document.querySelectorAll('pre code')) {
            name_server(code);
            add_copy_button(code);
        }
    });
})();
