/* luot.js counts the page that carries it and fills <div data-luot-box></div>:
 *
 *     <script async src="https://HOST/luot.js" data-site="KEY"></script>
 *
 * data-lang   vi, km or en; on the tag or on a box; else the page's own; else vi
 * data-count  "no": show numbers that luot.show() is given, count nothing
 *
 * The happy path: the page is seen -> look -> send -> b?reply=1 -> show. While the page is
 * seen, a ping a minute keeps its visitor online and its box fresh.
 * It fails when: there is no fetch (sendBeacon or an image counts, the box keeps its
 * dashes), or fetch is refused (an image counts). It never throws, blocks or stores.
 *
 * ES5 for old phones, and at most 1.5 KB on the wire: esbuild takes out what is for us. */
(function (window, document) {
    // The heading, the labels of ROWS, what online means, what the other rows count.
    var WORDS = {
        vi: ['LƯỢT TRUY CẬP', 'Đang online', 'Hôm nay', 'Trong tuần', 'Tất cả',
            'Số khách trong # phút qua', 'Lượt xem trang', 'Lượt truy cập', 'Số khách'],
        km: ['ចំនួនចូលមើល', 'កំពុងអនឡាញ', 'ថ្ងៃនេះ', 'សប្តាហ៍នេះ', 'សរុប',
            'អ្នកចូលមើលក្នុង # នាទីចុងក្រោយ', 'ចំនួនមើលទំព័រ', 'ចំនួនចូលមើល', 'អ្នកចូលមើល'],
        en: ['VISITS', 'Online now', 'Today', 'This week', 'All time',
            'Visitors in the last # minutes', 'Page views', 'Visits', 'Visitors']
    };
    var ROWS = ['online', 'today', 'week', 'total'];

    var tag = document.currentScript;
    var numbers = {};             // the last reply
    var from = document.referrer; // where the next view comes from
    var path;                     // of the view that is counted; empty: one is due
    var page;                     // what it was counted as
    var canonical;                // the page's own word for it
    var sent;                     // when the last beacon went out, ms

    if (!tag || window.luot)
        return;

    function safe(work) {
        return function (a) {
            try { return work(a); } catch (e) { return ''; }
        };
    }

    // --- The box

    function add(parent, name, text) {
        var node = parent.appendChild(document.createElement(name));
        node.textContent = text;
        return node;
    }

    function build(box, words) {
        var list;
        box.textContent = '';
        box.setAttribute('aria-live', 'polite');
        add(box, 'strong', words[0]);
        list = add(box, 'ul');
        return ROWS.map(function (row, i) {
            return add(add(list, 'li', words[i + 1] + ': '), 'b');
        });
    }

    function fill(box) {
        var lang = box.dataset.lang || tag.dataset.lang || document.documentElement.lang;
        var words = WORDS[lang.slice(0, 2)] || WORDS.vi;
        if (!numbers.site && box.children[0])
            return; // what the page put there stays until there is an answer
        box.luot = box.luot || build(box, words);
        box.luot.forEach(function (node, i) {
            var value = numbers[ROWS[i]];
            var text = (value == null ? '–' : value + '').replace(/\B(?=(\d{3})+$)/g, words == WORDS.en ? ',' : '.');
            if (node.textContent != text) // else a screen reader says it again
                node.textContent = text;
            if (numbers.metric)
                node.parentNode.title = i ? words[{ views: 6, visits: 7 }[numbers.metric] || 8]
                    : words[5].replace('#', numbers.online_window_s / 60);
        });
    }

    var show = safe(function (reply) {
        if (reply.site)
            numbers = reply;
        [].forEach.call(document.querySelectorAll('[data-luot-box]'), fill);
    });

    // --- The beacon

    var encoded = safe(function (text) {
        return encodeURIComponent(text.slice(0, 900));
    });

    var send = safe(function (more) {
        var base = tag.src.replace(/[^\/]*$/, '');
        var site = tag.dataset.site;
        // Of a key that is there twice the first counts: an event may be about another page or file.
        var line = more + '&p=' + encoded(page) + '&r=' + encoded(from) + '&t=' + encoded(document.title) +
            '&w=' + screen.width + '&l=' + navigator.language + (site ? '&s=' + site : '');
        function image() {
            new Image().src = base + 'p.gif?' + line;
        }
        sent = Date.now();
        if (window.fetch)
            fetch(base + 'b?reply=1', { method: 'POST', body: line, keepalive: true })
                .then(function (reply) { return reply.ok && reply.json().then(show); }, image)
                .catch(safe);
        else if (!navigator.sendBeacon || !navigator.sendBeacon(base + 'b', line))
            image();
    });

    // --- When

    function here() {
        return location.href.split('#')[0];
    }

    var look = safe(function () {
        if (document.hidden) // or still prerendered
            return;
        if (!path) {
            var link = document.querySelector('link[rel=canonical]');
            path = page = here();
            // A page that navigates by itself may leave its first link in place.
            if (link && link.href != canonical)
                page = canonical = link.href;
            send('');
            from = path;
        } else if (Date.now() - sent > 59000)
            send('k=ping');
    });

    function moved(event) {
        if (event.persisted || path != here())
            path = '';
        setTimeout(look, 200); // the new page's title and link come a moment later
    }

    window.luot = {
        show: show,
        event: function (name, of) { send('e=' + encoded(name) + '&p=' + encoded(of || page)); }
    };
    document.addEventListener('DOMContentLoaded', show);
    show({});
    if (tag.dataset.count != 'no') {
        var push = history.pushState;
        history.pushState = function () {
            push.apply(history, arguments);
            moved({});
        };
        addEventListener('popstate', moved);
        addEventListener('pageshow', moved);
        document.addEventListener('visibilitychange', look);
        setInterval(look, 10000);
        look();
    }
})(window, document);
