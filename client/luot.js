/* luot.js counts the page that carries it, and fills its box and its own views:
 *
 *     <script async src="https://HOST/luot.js"></script>   (or what `luotctl snippet` prints,
 *     <div data-luot-box></div>   <span data-luot-page></span>     which nothing waits for;
 *                                                              eight places a page)
 *
 * on the tag   data-site="KEY" (else the page's host says which), data-lang,
 *              data-status="404" (else the browser is asked)
 * on the box   data-lang="vi|km|en" (else the tag's, else the page's),
 *              data-title ("-": none),
 *              data-rows="online today yesterday week month total",
 *              data-style="line|digits" (with widget.css)
 * on anything  data-luot-event="name": a click on it is an event
 *
 * The happy path: the page is loaded and seen -> look -> send -> b?reply=1 -> show. luotd
 * words the box in the page's language, so that no language is in here; only the first
 * reply has more than numbers. While the page is seen, a ping a minute keeps its visitor
 * online and its box fresh. It fails when: there is no fetch (sendBeacon or an image
 * counts, the box keeps its dashes), or fetch is refused (an image counts). It never
 * throws, blocks or waits, and stores nothing but the wish of a reader who opens a page
 * as …#luot.js#off: not to be counted.
 *
 * ES5 for old phones, and at most 1.5 KB on the wire: esbuild takes out what is for us. */
(function (document, location, addEventListener) {
    var tag = document.querySelector('script[src*="luot.js"]');
    var from = document.referrer; // where the next view comes from
    var path;                     // of the view that is counted; empty: one is due
    var page;                     // what it was counted as
    var canonical;                // the page's own word for it
    var sent;                     // when the last beacon went out, ms
    var timer;                    // of the next look

    if (!tag || self.luot && !luot.id) // an element whose id is luot is none of us
        return;
    var base = tag.src.split('luot.js')[0];

    function safe(work) {
        return function (a) {
            try { return work(a); } catch (e) { return ''; }
        };
    }

    // --- The box

    function each(work) {
        [].forEach.call(document.querySelectorAll('[data-luot-box],[data-luot-page]'), work);
    }

    function add(parent, name, text) {
        var node = parent.appendChild(document.createElement(name));
        node.textContent = text;
        return node;
    }

    function build(box, title, rows) {
        var list;
        box.setAttribute('aria-live', 'polite');
        box.textContent = '';
        if (title)
            add(box, 'strong', title);
        list = add(box, 'ul');
        return rows.map(function (row) {
            var item = add(list, 'li', row[1]);
            item.className = row[2];
            item.title = row[3];
            return add(item, 'b', row[0]);
        });
    }

    // A reply's words are about the places that were there when it was asked for.
    function show(told) {
        each(function (box, i) {
            var mine = told.boxes && told.boxes[i];
            if (!mine) {
                if (box.dataset.luotPage == null && !box.children[0]) // what the page put there stays until there is an answer
                    build(box, box.dataset.title != '-' && '\xa0', (box.dataset.rows || '   ').split(' ').map(function () { return '–   '; }));
            } else if (mine.rows)
                box.luot = build(box, mine.title, mine.rows);
            else
                (box.luot || [box]).forEach(function (node, i) {
                    if (node.textContent != mine[i]) // else a screen reader says it again
                        node.textContent = mine[i];
                });
        });
    }

    // --- The beacon

    var encoded = safe(function (text) {
        return encodeURIComponent(text).slice(0, 1300).replace(/%.?$/, ''); // three fit a line
    });

    // Only who asked not to be counted finds anything stored.
    var off = safe(function () {
        var word = /luot.js#(\w+)/.exec(location.hash);
        if (word)
            alert('luot: ' + (localStorage.luot = word[1]));
        return localStorage.luot == 'off';
    });

    var send = safe(function (more) {
        var asked = '';
        var line = off() ? 'k=off' : more;
        each(function (box) {
            var set = box.dataset;
            asked = (asked || '?reply=1') + '&box=' + encoded([set.lang || tag.dataset.lang || document.documentElement.lang,
                set.luotPage == null, +!box.luot, set.style, set.rows, set.title].join('!'));
        });
        function image() {
            new Image().src = base + 'p.gif?' + line;
        }
        sent = +new Date;
        if (tag.dataset.site)
            line += '&s=' + tag.dataset.site;
        // Of a key that is there twice the first counts: an event may be about another page or file.
        if (line[0] != 'k')
            line += '&l=' + navigator.language + '&w=' + screen.width + '&p=' + encoded(page) +
                '&t=' + encoded(document.title) + '&r=' + encoded(from);
        if (self.fetch)
            fetch(base + 'b' + asked, { method: 'POST', keepalive: true, body: line })
                .then(function (answer) { return answer.json(); }, function () {
                    if (+new Date - sent < 99) // it was forbidden; later it may have been counted
                        image();
                })
                .then(show).catch(safe);
        else
            navigator.sendBeacon && navigator.sendBeacon(base + 'b', line) || image();
    });

    function event(name, of) {
        send('e=' + encoded(name) + '&p=' + encoded(of || page));
    }

    // --- When

    function here() {
        return location.href.split('#')[0];
    }

    var status = safe(function () {
        return tag.dataset.status || performance.getEntriesByType('navigation')[0].responseStatus;
    });

    var look = safe(function () {
        var link = document.querySelector('[rel=canonical]');
        var gone, campaign = /\b(?:utm_|ref=).*/.exec(location.search);
        off();
        if (document.hidden) // or still prerendered
            return;
        if (!path) {
            path = page = here();
            gone = !sent && status() == 404;
            // A page that navigates by itself may leave its first link in place.
            if (!gone && link && link.href != canonical) {
                page = canonical = link.href;
                if (campaign)
                    page += (/\?/.test(page) ? '&' : '?') + campaign;
            }
            send(gone ? 'e=404' : '');
            from = path;
        } else if (+new Date - sent > 59000)
            send('k=ping');
    });

    // A new page's title and link come a moment later; and a page that was made before anybody
    // looked is seen before it stops to ask as one that nobody sees.
    // Of addresses that follow each other faster only the one that stays was a page.
    function soon() {
        clearTimeout(timer);
        timer = setTimeout(look, 200);
    }

    function moved(event) {
        if (event.persisted || path != here())
            path = '';
        soon();
    }

    var clicked = safe(function (node, name) {
        node = node.target;
        for (; node && !name; node = node.parentElement)
            if (name = node.dataset.luotEvent || (
                /\.(apk|t?gz|ppt|csv|doc|rar|xls|mp.|7z|pdf|exe|od.|zip)x?$/i.test(node.pathname) ? 'download' :
                /^http/.test(node.href) && node.host != location.host && 'outbound'))
                event(name, node.href);
    });

    self.luot = { event: event };
    show(0);
    addEventListener('click', clicked, true);
    addEventListener('auxclick', clicked, true);
    addEventListener('pageshow', moved); // after the load
    addEventListener('popstate', moved);
    addEventListener('pagehide', function () {
        look();
        sent = 0;
    });
    addEventListener('visibilitychange', soon, true);
    addEventListener('DOMContentLoaded', show);
    setInterval(look, 10000);
    var push = history.pushState;
    history.pushState = function () {
        push.apply(history, arguments);
        moved(0);
    };
    if (/^c/.test(document.readyState)) // complete
        look();
})(document, location, addEventListener);
