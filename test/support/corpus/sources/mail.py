from email.message import EmailMessage
m = EmailMessage()
m['Subject'] = 'Grüße vom Hafen'
m['From'] = 'Ada Lovelace <ada@home.test>'
m['To'] = 'Bob <bob@home.test>, carol@home.test'
m.set_content('Dear Bob,\nthe plain text of the mail mentions the tide table.\nGrüße, Ada\n')
m.add_alternative('<p>the <b>page</b> of the mail</p>', subtype='html')
m.add_attachment(b'PNG', maintype='image', subtype='png', filename='a.png')
open('mail-nested.eml','wb').write(m.as_bytes())
h = EmailMessage()
h['Subject'] = 'Only a page'; h['From'] = 'news@home.test'; h['To'] = 'bob@home.test'
h.set_content('<html><body><nav>Menu</nav><p>Storm warning for the bay</p><table><tr><td>Wind</td><td>9</td></tr></table></body></html>', subtype='html')
open('mail-page.eml','wb').write(h.as_bytes())
